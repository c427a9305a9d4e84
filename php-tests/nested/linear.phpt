--TEST--
The cost of appending does not grow: a hundred thousand appends are no slower at the end than at the start
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [];
$each = times(10_000);
$took = [];
for ($part = 0; $part < 10; $part++) {
    $start = hrtime(true);
    for ($i = 0; $i < $each; $i++) {
        $s->list[] = $i;
    }
    $took[] = hrtime(true) - $start;
}
var_dump(count($s->list) === 10 * $each, $s->list[10 * $each - 1] === $each - 1);
// Quadratic growth would make it 19 times; noise does not.
sort($took);
echo $took[7] < 8 * $took[2] ? "linear\n" : 'not linear: ' . json_encode($took) . "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
linear
