--TEST--
A holder that is stopped still holds the lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock(1);
    $parent->tell('locked');
    $parent->hear();
    $s->x = 'from the holder';
    $s->unlock();
    $parent->tell('unlocked');
});
$holder->hear();
$holder->kill(SIGSTOP);
attempt(fn () => $s->x);
$holder->kill(SIGCONT);
$holder->tell();
$holder->hear();
echo $s->x, "\n", $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
from the holder
exit 0
