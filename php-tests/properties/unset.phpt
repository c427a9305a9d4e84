--TEST--
unset() removes a property, for every object on the file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$a->x = 1;
$a->y = 2;
var_dump($b->x);
unset($b->x);
var_dump(isset($a->x), isset($b->x), $a->x, $b->y);
var_dump(array_keys((array) $a->getData()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(false)
bool(false)
NULL
int(2)
array(1) {
  [0]=>
  string(1) "y"
}
