--TEST--
unlock() by an object that does not hold the lock leaves it held
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->lock(1);
$other->unlock();
attempt(fn () => $other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
