--TEST--
setData() creates the file, also with an empty object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->setData(new stdClass);
var_dump(scratch_exists(), $s->getData() == new stdClass);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
