--TEST--
An assignment has its value as its result, also when chained
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$result = $s->x = 42;
var_dump($result);
$local = $s->a = $s->b = 'both';
var_dump($local, $s->a, $s->b);
var_dump($s->list = [1, 2]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(42)
string(4) "both"
string(4) "both"
string(4) "both"
array(2) {
  [0]=>
  int(1)
  [1]=>
  int(2)
}
