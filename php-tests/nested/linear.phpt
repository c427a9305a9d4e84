--TEST--
The cost of appending does not grow: a hundred thousand appends are no slower at the end than at the start
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [];
$took = [];
for ($part = 0; $part < 10; $part++) {
    $start = hrtime(true);
    for ($i = 0; $i < 10_000; $i++) {
        $s->list[] = $i;
    }
    $took[] = hrtime(true) - $start;
}
var_dump(count($s->list), $s->list[99_999]);
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
int(100000)
int(9999)
linear
