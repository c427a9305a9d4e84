--TEST--
getData() without a file gives an empty stdClass and creates none
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->getData(), scratch_exists());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
object(stdClass)#%d (0) {
}
bool(false)
