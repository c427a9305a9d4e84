--TEST--
When the whole directory was deleted, reading gives null and writing says so
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('d'));
$s = new Sync(scratch('d/store'));
$s->x = 1;
unlink(scratch('d/store'));
rmdir(scratch('d'));
var_dump($s->x);
attempt(fn () => $s->x = 2);
mkdir(scratch('d'));
$s->x = 3;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
SyncException: Directory '{dir}/d' does not exist or is not writable.
int(3)
