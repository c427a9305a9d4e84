--TEST--
Arrays of any shape come back, in their order and with their keys
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$shapes = [
    'empty' => [],
    'list' => [1, 2, 3],
    'one' => [null],
    'two' => ['a', 'b'],
    'nested' => [[], [[]], [[[1]]]],
    'map' => ['a' => 1, 'b' => [2], '' => 3],
    'ints out of order' => [1 => 'b', 0 => 'a'],
    'from one' => [1 => 'a', 2 => 'b'],
    'negative' => [-5 => 1, -1 => 2, 0 => 3],
    'far' => [PHP_INT_MAX => 1, PHP_INT_MIN => 2],
    'almost ints' => ['01' => 1, '1.5' => 2, ' 1' => 3, '-0' => 4, '9223372036854775808' => 5, '+1' => 6],
    'with a hole' => array_filter([1, 2, 3, 4], fn ($v) => $v % 2),
    'hash that is a list' => array_combine(range(0, 20), range(0, 20)),
    'long list' => range(0, 70000),
    'long map' => array_combine(array_map(fn ($i) => "key $i", range(0, 70000)), range(0, 70000)),
    '15' => range(1, 15), '16' => range(1, 16), '15 keys' => array_fill_keys(range('a', 'o'), 1), '16 keys' => array_fill_keys(range('a', 'p'), 1),
];
foreach ($shapes as $name => $shape) {
    comes_back($name, $shape);
}
// The next free key as well.
$s = new Sync(scratch());
$s->x = [-5 => 1];
$stored = (new Sync(scratch()))->x;
$unserialized = unserialize(serialize([-5 => 1]));
$stored[] = 2;
$unserialized[] = 2;
var_dump($stored === $unserialized);
// Lists take the memory of lists.
$s->x = range(1, 1000);
$before = memory_get_usage();
$list = (new Sync(scratch()))->x;
var_dump(memory_get_usage() - $before < 30000);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
