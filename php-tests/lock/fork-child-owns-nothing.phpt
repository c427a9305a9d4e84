--TEST--
A forked child does not own its parent's lock: it waits, and neither its unlock() nor its end releases it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->lock(1);
$child = Peer::fork(function () use ($s) {
    attempt(fn () => $s->x);
    $s->unlock();
    attempt(fn () => $s->x = 2);
});
echo $child->end(), "\n";
$other = new Sync(scratch());
attempt(fn () => $other->x);
$s->x = 3;
$s->unlock();
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
exit 0
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
int(3)
