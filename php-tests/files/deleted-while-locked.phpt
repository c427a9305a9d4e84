--TEST--
When the file is deleted under a lock, the lock is gone with it
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
int(2)
int(2)
int(2)
