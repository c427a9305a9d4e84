--TEST--
Numeric values of every type are accepted as timeout and interval
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach ([[0, 5000], ['0', '5000'], [1.5, 5000.5], ['1e1', '1e4'], ['2', 50000], [PHP_INT_MAX, PHP_INT_MAX], [1e300, 1e300], [' 1', '6000 ']] as [$timeout, $interval]) {
    $s->lock($timeout, $interval)->unlock();
}
$s->x = 1;
echo "accepted\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
accepted
