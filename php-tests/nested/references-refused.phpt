--TEST--
A statement that needs a reference is an Error that says what to write instead, before anything has changed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [3, 1, 2];
$s->x = 1;
$s->object = (object) ['p' => 1];
$uses = [
    '$r = &$s->x' => function () use ($s) { $r = &$s->x; },
    '$s->x = &$v' => function () use ($s) { $v = 2; $s->x = &$v; },
    '$r = &$s->list[0]' => function () use ($s) { $r = &$s->list[0]; },
    '$r = &$s["x"]' => function () use ($s) { $r = &$s['x']; },
    '$r = &$s->new' => function () use ($s) { $r = &$s->new; },
    'sort($s->list)' => function () use ($s) { sort($s->list); },
    'array_push($s->list, 4)' => function () use ($s) { array_push($s->list, 4); },
    'foreach ($s->list as &$v)' => function () use ($s) { foreach ($s->list as &$v) { $v = 0; } },
    'foreach ($s as &$v)' => function () use ($s) { foreach ($s as &$v) { $v = 0; } },
    'preg_match(…, $s->m)' => function () use ($s) { preg_match('/a/', 'a', $s->m); },
    '[&$r] = $s->list' => function () use ($s) { [&$r] = $s->list; },
    '$r = &$s->object->p' => function () use ($s) { $r = &$s->object->p; },
];
foreach ($uses as $what => $use) {
    try {
        $use();
        echo "$what: no error\n";
    } catch (Error $e) {
        // Each message says what to write instead; for `= &` the message is the engine's own.
        echo $what, ': ', get_class($e), preg_match('/Sync object.*: .*assign|^Cannot assign by reference/', $e->getMessage()) ? '' : ": {$e->getMessage()}", "\n";
    }
}
echo json_encode($s->getData()), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$r = &$s->x: Error
$s->x = &$v: Error
$r = &$s->list[0]: Error
$r = &$s["x"]: Error
$r = &$s->new: Error
sort($s->list): Error
array_push($s->list, 4): Error
foreach ($s->list as &$v): Error
foreach ($s as &$v): Error
preg_match(…, $s->m): Error
[&$r] = $s->list: Error
$r = &$s->object->p: Error
{"list":[3,1,2],"x":1,"object":{"p":1}}
