--TEST--
A timeout may be a fraction of a second, as short as one likes; only 0 and INF are for ever
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
foreach ([0.5, '0.25', 1e-9, '25e-2', 0, -0.0, INF, '1e400', PHP_INT_MAX] as $timeout) {
    $holder->lock($timeout);
    $start = hrtime(true);
    echo var_export($timeout, true), ': ';
    attempt(fn () => $other->x);
    $waited = (hrtime(true) - $start) / 1e9;
    if (is_finite((float) $timeout) && $timeout < 1 && $waited < $timeout) {
        echo "waited for no more than $waited s\n";
    }
}
$holder->unlock();
foreach ([NAN, -INF, -1e-9, '-0.1', 'NAN'] as $timeout) {
    attempt(fn () => $holder->lock($timeout));
}
// Microseconds are whole ones; less than 5000 is too little, however little is missing.
$holder->lock(1, 5000.4)->unlock();
attempt(fn () => $holder->lock(1, 4999.9));
attempt(fn () => $holder->lock(1, NAN));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0.5: SyncLockTimeoutException: Can't access shared object, it is still locked after 0.5 second(s). The lock on '{dir}/store' is held by another object of this same process.
'0.25': SyncLockTimeoutException: Can't access shared object, it is still locked after 0.25 second(s). The lock on '{dir}/store' is held by another object of this same process.
1.0E-9: SyncLockTimeoutException: Can't access shared object, it is still locked after 0.000001 second(s). The lock on '{dir}/store' is held by another object of this same process.
'25e-2': SyncLockTimeoutException: Can't access shared object, it is still locked after 0.25 second(s). The lock on '{dir}/store' is held by another object of this same process.
0: SyncException: Can't access shared object: another Sync object of this same process holds the lock on '{dir}/store', so that waiting would never end. Call its unlock() first.
-0.0: SyncException: Can't access shared object: another Sync object of this same process holds the lock on '{dir}/store', so that waiting would never end. Call its unlock() first.
INF: SyncException: Can't access shared object: another Sync object of this same process holds the lock on '{dir}/store', so that waiting would never end. Call its unlock() first.
'1e400': SyncException: Can't access shared object: another Sync object of this same process holds the lock on '{dir}/store', so that waiting would never end. Call its unlock() first.
9223372036854775807: SyncException: Can't access shared object: another Sync object of this same process holds the lock on '{dir}/store', so that waiting would never end. Call its unlock() first.
SyncException: Lock timeout should be an integer greater or equals to 0.
SyncException: Lock timeout should be an integer greater or equals to 0.
SyncException: Lock timeout should be an integer greater or equals to 0.
SyncException: Lock timeout should be an integer greater or equals to 0.
SyncException: Lock timeout should be an integer greater or equals to 0.
SyncException: Lock check interval should be an integer greater or equals to 5000.
SyncException: Lock check interval should be an integer greater or equals to 5000.
