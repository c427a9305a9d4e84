--TEST--
lock() while holding the lock changes timeout and interval; one unlock() ends it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->lock(5)->lock(1);
attempt(fn () => $other->x);
$s->unlock();
$other->x = 'free';
echo $s->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
free
