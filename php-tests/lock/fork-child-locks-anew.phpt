--TEST--
A forked child can take the lock for itself, once its parent has released it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$s->n = 0;
$child = Peer::fork(function (Peer $parent) use ($s) {
    $parent->tell('about to lock');
    $s->lock(1);
    $s->n = $s->n + 1;
    $parent->tell('locked');
    $parent->hear();
    $s->unlock();
});
$child->hear();
$s->n = 10;
$s->unlock();
$child->hear();
attempt(fn () => $s->n);
$child->tell();
echo $child->end(), "\n";
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
exit 0
int(11)
