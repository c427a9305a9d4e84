--TEST--
push() on a map gives the numbers that [] = gives, and counts all elements
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$o = new stdClass;
$maps = [['x' => 1], [5 => 'a', 'x' => 1], [3 => 1, 2 => 2], [0 => 0, 2 => 2], ['9' => 1, '09' => 2], [[1], 'k' => []]];
foreach ($maps as $map) {
    $s->map = $o->map = $map;
    $other = new Sync(scratch());
    for ($i = 0; $i < 3; $i++) {
        $lengths = [(($i & 1) ? $s : $other)->push('map', "first $i", "second $i"), ($o->map[] = "first $i") && ($o->map[] = "second $i") ? count($o->map) : 0];
        if ($lengths[0] !== $lengths[1] || $s->push('map') !== $lengths[1] || $s->map !== $o->map || $other->map !== $o->map) {
            var_dump($lengths, $s->map, $o->map);
        }
    }
}
// No number is left.
$s->map = [PHP_INT_MAX - 1 => 1];
attempt(fn () => $s->push('map', 2, 3));
var_dump($s->push('map', 2));
attempt(fn () => $s->push('map', 3));
var_dump(array_keys($s->map) === [PHP_INT_MAX - 1, PHP_INT_MAX]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Error: Cannot add element to the array as the next element is already occupied
int(2)
Error: Cannot add element to the array as the next element is already occupied
bool(true)
