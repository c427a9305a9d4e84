--TEST--
The cost of two objects that append in turn does not depend on how much is stored
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** The least time that two objects take for some appends in turn, beside so many values. */
function cost(int $values): float
{
    $one = new Sync(scratch("$values"));
    $other = new Sync(scratch("$values"));
    $one->setData((object) array_fill(0, $values, 'value'));
    $least = INF;
    for ($round = 0; $round < 30; $round++) {
        $start = hrtime(true);
        for ($i = 0; $i < 10; $i++) {
            $one[] = 'one';
            $other[] = 'other';
        }
        $least = min($least, hrtime(true) - $start);
    }
    return $least;
}
// Before appends were independent of the size, it was some hundred times as much.
$ratio = cost(100_000) / cost(100);
echo $ratio < 30 ? "no\n" : "$ratio times as much\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
no
