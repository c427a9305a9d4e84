--TEST--
When the file is deleted under a lock, the lock is gone with it, and its holder is told once
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->x = 1;
$s->lock(1);
unlink(scratch());
var_dump($other->x);
$other->x = 2;
attempt(fn () => $s->x);
var_dump($s->x);
$s->unlock();
var_dump($s->x, $other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
int(2)
int(2)
int(2)
