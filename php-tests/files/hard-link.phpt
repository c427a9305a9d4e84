--TEST--
Two names of one file are one store
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch('a'));
$a->x = 1;
link(scratch('a'), scratch('b'));
$b = new Sync(scratch('b'));
var_dump($b->x);
$b->x = 2;
var_dump($a->x);
$a->lock(1);
attempt(fn () => $b->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/b' is held by another object of this same process.
