--TEST--
The timeout in the message is the one that the holder gave
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->lock(1)->lock('2');
$start = hrtime(true);
attempt(fn () => $other->x);
var_dump(hrtime(true) - $start >= 2e9);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException: Can't access shared object, it is still locked after 2 second(s). The lock on '{dir}/store' is held by another object of this same process.
bool(true)
