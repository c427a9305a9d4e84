--TEST--
set() stores, creates the file and returns the value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->set('x', [1, 'two']), scratch_exists(), $s->x);
var_dump($s->set('x', null));
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
bool(true)
array(2) {
  [0]=>
  int(1)
  [1]=>
  string(3) "two"
}
NULL
