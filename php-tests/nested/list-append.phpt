--TEST--
$sync->list[] = 1 appends for all objects (version 1.5 lost it)
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$sync = new Sync(scratch());
$sync->list = [];
$sync->list[] = 1;
$sync->list[] = 'two';
$sync->other[] = 3;
$other = new Sync(scratch());
var_dump($other->list, $other->other);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(2) {
  [0]=>
  int(1)
  [1]=>
  string(3) "two"
}
array(1) {
  [0]=>
  int(3)
}
