--TEST--
An object that is put under a key of an array that was not read keeps its identity and references
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Node
{
    public ?Node $self = null;
    public array $others = [];
}
$s = new Sync(scratch());
$s->map = ['a' => 1, 'deep' => ['x' => 1]];
$unread = fn () => new Sync(scratch());
$shared = new stdClass;
$shared->n = 1;
$cycle = new Node;
$cycle->self = $cycle;
$cycle->others = [$shared, $cycle, $shared];
$x = 1;
foreach (['name', 7, -3, 'another name'] as $key) {
    $s = $unread();
    $s->map[$key] = [$shared, $shared];
    $read = $unread()->map[$key];
    var_dump($read[0] === $read[1], $read[0]->n);
    $s = $unread();
    $s->map[$key] = $cycle;
    $read = $unread()->map[$key];
    var_dump($read->self === $read && $read->others[1] === $read && $read->others[0] === $read->others[2]);
    $s = $unread();
    $s->map[$key] = ['first' => &$x, 'second' => &$x];
    $read = $unread()->map[$key];
    $read['first'] = 9;
    var_dump($read['second']);
}
// Deeper, in an array that was read, and after many other appends.
$s = $unread();
$s->map;
$s->map['deep']['y'] = [$shared, $shared];
for ($i = 0; $i < 50; $i++) {
    $s = $unread();
    $s->map["key$i"] = [$shared, [$shared, $cycle]];
}
$read = $unread()->map;
var_dump($read['deep']['y'][0] === $read['deep']['y'][1], $read['key7'][0] === $read['key7'][1][0], $read['key49'][1][1]->self === $read['key49'][1][1], count($read));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(1)
bool(true)
int(9)
bool(true)
int(1)
bool(true)
int(9)
bool(true)
int(1)
bool(true)
int(9)
bool(true)
int(1)
bool(true)
int(9)
bool(true)
bool(true)
bool(true)
int(56)
