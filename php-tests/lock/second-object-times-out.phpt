--TEST--
Another object waits the holder's timeout at any access and then gets an exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->x = 1;
$holder->lock(1);
$waited = function (Closure $body) {
    $start = hrtime(true);
    attempt($body);
    $seconds = (hrtime(true) - $start) / 1e9;
    if ($seconds < 1.0 || $seconds > 20) {
        printf("after %.3f s\n", $seconds);
    }
};
$waited(fn () => $other->x);
$waited(fn () => $other->x = 2);
$holder->unlock();
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
int(1)
