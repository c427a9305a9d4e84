--TEST--
Integers become floats at their limits, as in PHP
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->max = PHP_INT_MAX;
$s->min = PHP_INT_MIN;
$s->max++;
$s->min--;
var_dump($s->max === PHP_INT_MAX + 1, $s->min === PHP_INT_MIN - 1);
$s->max = PHP_INT_MAX;
$s->max *= 2;
var_dump($s->max === PHP_INT_MAX * 2);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
