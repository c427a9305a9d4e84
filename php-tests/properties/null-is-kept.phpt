--TEST--
A property that is null is there, though isset() says no
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = null;
var_dump($s->x, $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
NULL
object(stdClass)#%d (1) {
  ["x"]=>
  NULL
}
