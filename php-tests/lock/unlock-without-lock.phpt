--TEST--
unlock() without a lock does nothing and creates no file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->unlock() === $s, file_exists(scratch()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
