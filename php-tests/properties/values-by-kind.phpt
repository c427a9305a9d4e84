--TEST--
Null, booleans, integers, floats, strings, arrays and objects come back as they were
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$values = [
    null, true, false, 0, 1, -1, PHP_INT_MAX, PHP_INT_MIN,
    0.0, -0.0, 0.1, -1.5e300, PHP_FLOAT_MIN, PHP_FLOAT_MAX, INF, -INF, NAN,
    '', 'text', 'été 重庆 🐘', "\0", "\xff\x00\xfe",
    [], [1, 2, 3], ['a' => 1, 'b' => ['c' => null]], [3 => 'x', 1 => 'y'], [-1 => true], ['1e1' => 1, '' => 2],
    new stdClass, (object) ['a' => 1, 'b' => (object) ['c' => [1]]], [new stdClass, [new stdClass]],
];
$a = new Sync(scratch());
$b = new Sync(scratch());
foreach ($values as $value) {
    $a->x = $value;
    if (serialize($a->x) !== serialize($value) || serialize($b->x) !== serialize($value)) {
        var_dump($value, $b->x);
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
