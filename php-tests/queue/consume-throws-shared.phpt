--TEST--
Elements that were one object, or one reference, are that again after a consume() whose function threw
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$throw = fn () => throw new RuntimeException('no');
$o = new stdClass;
$o->x = 1;
$one = 1;
$arrays = [
    'objects' => [$o, $o],
    'references' => [&$one, &$one],
    'under names' => ['a' => $o, 'b' => $o],
    'under numbers' => [5 => $o, 7 => [$o]],
    'inside' => [[$o], 2, ['deep' => [$o]]],
];
$last = function (mixed $queue): array {
    $queue = array_values($queue);
    $end = function (mixed $value) use (&$end) { return is_array($value) ? $end(end($value)) : $value; };
    return [$end($queue[0]), $end(end($queue))];
};
$is_one = function () use ($s, $last): bool {
    $queue = $s->queue;
    if (!is_int(current($queue))) {
        [$first, $end] = $last($queue);
        return $first === $end;
    }
    $queue[0] = 99;
    return $queue[1] === 99;
};
foreach ($arrays as $what => $array) {
    $s->put('queue', $array, 1000);
    $before = serialize($s->queue);
    attempt(fn () => $s->consume('queue', $throw));
    $same = [$is_one(), serialize($s->queue) === $before, serialize((new Sync(scratch()))->queue) === $before];
    // Changes of the function in its object are not stored.
    attempt(fn () => $s->consume('queue', function ($element) use ($throw) {
        is_object($element) && $element->x = 2;
        $throw();
    }));
    // The time to live goes on, and nobody has the element any more.
    echo "$what: ", json_encode([...$same, serialize($s->queue) === $before, $s->ttl('queue') > 900, $s->stats()['consuming']]), "\n";
}
// Changes by others meanwhile stay, and the element is back.
$s->queue = [$o, $o];
attempt(fn () => $s->consume('queue', function () use ($throw) {
    (new Sync(scratch()))->push('queue', 'pushed');
    $throw();
}));
echo json_encode($s->queue), ' ', count($s->stats()['consuming']), "\n";
$s->queue = [$o, $o, 3];
attempt(fn () => $s->consume('queue', function () use ($s, $throw) {
    $s->consume('queue', fn ($second) => print(json_encode($second) . "\n"));
    $throw();
}));
echo json_encode($s->queue), ' ', count($s->stats()['consuming']), "\n";
$s->queue = [$o, $o];
attempt(fn () => $s->consume('queue', function () use ($s, $throw) {
    unset($s->queue);
    $throw();
}));
echo json_encode($s->queue), ' ', count($s->stats()['consuming']), "\n";
// Each is given once in the end, in a child, too.
$s->queue = [$o, $o];
attempt(fn () => $s->consume('queue', $throw));
while ($s->consume('queue', fn ($element) => print(json_encode($element) . "\n"))) {
}
$s->queue = [$o, $o];
$parent = getmypid();
try {
    $s->consume('queue', function () use ($s, $throw) {
        $child = pcntl_fork();
        if (!$child) {
            $throw();
        }
        pcntl_waitpid($child, $status);
        echo json_encode($s->queue), ' ', count($s->stats()['consuming']), "\n";
    });
} catch (RuntimeException $e) {
}
if (getmypid() !== $parent) {
    posix_kill(getmypid(), SIGKILL);
}
echo json_encode($s->queue), "\n";
// The exception is the function's, with its own previous one.
$s->queue = [$o, $o];
try {
    $s->consume('queue', fn () => throw new LogicException('outer', 5, new RuntimeException('inner')));
} catch (Exception $e) {
    echo get_class($e), ' ', $e->getMessage(), ' ', $e->getCode(), ' ', get_class($e->getPrevious()), ' ', json_encode($e->getPrevious()->getPrevious()), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
RuntimeException: no
RuntimeException: no
objects: [true,true,true,true,true,[]]
RuntimeException: no
RuntimeException: no
references: [true,true,true,true,true,[]]
RuntimeException: no
RuntimeException: no
under names: [true,true,true,true,true,[]]
RuntimeException: no
RuntimeException: no
under numbers: [true,true,true,true,true,[]]
RuntimeException: no
RuntimeException: no
inside: [true,true,true,true,true,[]]
RuntimeException: no
[{"x":1},{"x":1},"pushed"] 0
{"x":1}
RuntimeException: no
[{"x":1},3] 0
RuntimeException: no
[{"x":1}] 0
RuntimeException: no
{"x":1}
{"x":1}
[{"x":1}] 1
[{"x":1}]
LogicException outer 5 RuntimeException null
