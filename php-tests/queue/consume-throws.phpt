--TEST--
An element whose function throws is at the head again, under its key
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$throw = fn () => throw new RuntimeException('no');
$s->list = [1, 2, 3];
attempt(fn () => $s->consume('list', $throw));
$s->push('list', 4);
echo json_encode($s->list), ' ', json_encode($s->stats()['consuming']), "\n";
// The list changes meanwhile.
foreach ([
    'pushed' => fn () => $s->push('list', 5),
    'shifted' => fn () => $s->shift('list'),
    'assigned' => fn () => $s->list = ['x' => 1],
    'emptied' => fn () => $s->list = [],
    'removed' => function () use ($s) { unset($s->list); },
    'null' => fn () => $s->list = null,
    'changed inside' => fn () => $s->list[1] = 'changed',
] as $how => $change) {
    $s->list = ['first', 2, 3];
    attempt(fn () => $s->consume('list', function () use ($change, $throw) {
        $change();
        $throw();
    }));
    echo $how, ': ', json_encode($s->list), ' ', json_encode((new Sync(scratch()))->list), "\n";
}
// Something else is there: the element waits until that is gone.
$s->list = ['first', 2];
attempt(fn () => $s->consume('list', function () use ($s, $throw) {
    $s->list = 'a text';
    $throw();
}));
var_dump($s->list, $s->stats()['consuming']);
unset($s->list);
while (!isset($s->list)) {
    usleep(1000);
}
echo json_encode($s->list), "\n";
// Strings as keys, objects that are met twice, and the functions of both.
$s->map = ['k' => 'first', 7 => 'second', 'l' => 'third'];
attempt(fn () => $s->consume('map', $throw));
echo json_encode($s->map), "\n";
attempt(fn () => $s->consume('map', function () use ($s, $throw) {
    $s->map['k'] = 'another';
    $throw();
}));
echo json_encode($s->map), "\n";
$o = new stdClass();
$o->itself = [$o];
$s->objects = [[$o, $o], $o, 'x'];
attempt(fn () => $s->consume('objects', function ($pair) use ($s, $throw) {
    var_dump($pair[0] === $pair[1], count($s->objects));
    $throw();
}));
$objects = $s->objects;
var_dump($objects[0][0] === $objects[0][1], $objects[0][0]->itself[0] === $objects[0][0], count($objects));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
RuntimeException: no
[1,2,3,4] []
RuntimeException: no
pushed: ["first",2,3,5] ["first",2,3,5]
RuntimeException: no
shifted: ["first",3] ["first",3]
RuntimeException: no
assigned: {"0":"first","x":1} {"0":"first","x":1}
RuntimeException: no
emptied: ["first"] ["first"]
RuntimeException: no
removed: ["first"] ["first"]
RuntimeException: no
null: ["first"] ["first"]
RuntimeException: no
changed inside: ["first",2,"changed"] ["first",2,"changed"]
RuntimeException: no
string(6) "a text"
array(0) {
}
["first"]
RuntimeException: no
{"k":"first","0":"second","l":"third"}
RuntimeException: no
{"0":"first","1":"second","l":"third","k":"another"}
bool(true)
int(2)
RuntimeException: no
bool(true)
bool(true)
int(3)
