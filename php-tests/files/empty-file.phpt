--TEST--
An empty file is an empty store
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

touch(scratch());
$inode = fileinode(scratch());
$s = new Sync(scratch());
var_dump($s->x, isset($s->x), $s->getData() == new stdClass, filesize(scratch()));
$s->x = 1;
clearstatcache();
var_dump($s->x, fileinode(scratch()) === $inode);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
bool(true)
int(0)
int(1)
bool(true)
