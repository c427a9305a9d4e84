--TEST--
getData() gives everything as a stdClass, in the order of insertion
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->b = 1;
$s->a = [2];
$s->{0} = 'three';
$s->c = null;
$s->b = 'overwritten, still first';
var_dump($s->getData());
unset($s->a);
$s->a = 'now last';
var_dump(array_keys(get_object_vars($s->getData())));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
object(stdClass)#%d (4) {
  ["b"]=>
  string(24) "overwritten, still first"
  ["a"]=>
  array(1) {
    [0]=>
    int(2)
  }
  ["0"]=>
  string(5) "three"
  ["c"]=>
  NULL
}
array(4) {
  [0]=>
  string(1) "b"
  [1]=>
  int(0)
  [2]=>
  string(1) "c"
  [3]=>
  string(1) "a"
}
