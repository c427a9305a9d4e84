--TEST--
compareAndSet() compares what is stored, and keeps its hands off another value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Point
{
    public function __construct(public $x = 0, private $y = 0) {}
}
$s = new Sync(scratch());
$long = str_repeat('long', 50_000);
$cases = [
    [1, 1, true], [1, 1.0, false], [1, '1', false], ['a', 'a', true], ['a', 'A', false], [NAN, NAN, true], [0.0, -0.0, false],
    [[1, 'k' => 2], [1, 'k' => 2], true], [[1, 'k' => 2], ['k' => 2, 0 => 1], false], [$long, $long, true], [$long, "$long.", false],
    [new Point(1, 2), new Point(1, 2), true], [new Point(1, 2), new Point(1, 3), false], [null, null, true], [false, null, false],
];
foreach ($cases as $n => [$stored, $expected, $is_done]) {
    $s->value = $stored;
    $done = $s->compareAndSet('value', $expected, 'new');
    if ($done !== $is_done || ($s->value === 'new') !== $is_done || !$done && $s->value != $stored) {
        echo "case $n: ", json_encode([$done, $s->value]), "\n";
    }
}
// A missing value is null, too, and a null is stored.
var_dump($s->compareAndSet('missing', 1, 2), isset($s->missing), $s->compareAndSet('missing', null, null), array_key_exists('missing', (array) $s->getData()));
var_dump($s->compareAndSet('missing', null, 3), $s->missing);

// A value that was changed in part is the one that it has become.
$s->list = [1, 2];
$s->list[] = 3;
$s->list['k']['l'] = new Point;
unset($s->list[0]);
var_dump($s->compareAndSet('list', [1 => 2, 2 => 3, 'k' => ['l' => new Point(1)]], 'no'));
var_dump($s->compareAndSet('list', [1 => 2, 2 => 3, 'k' => ['l' => new Point]], 'changed'), $s->list);
attempt(fn () => $s->compareAndSet('list', fn () => 1, 2));
attempt(fn () => $s->compareAndSet('list', 'changed', fn () => 1));
var_dump($s->list);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
bool(true)
bool(true)
bool(true)
int(3)
bool(false)
bool(true)
string(7) "changed"
SyncException: Can't compare property 'list' of '{dir}/store': Serialization of 'Closure' is not allowed. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed
string(7) "changed"
