--TEST--
unlock() wakes a waiter at once, not at its next check
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock(0, 30_000_000);
$waiter = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('about to read');
    $s->x;
    $parent->tell(hrtime(true));
});
$waiter->hear();
// Time for the waiter to fall asleep; if it has not yet, the test is only easier.
usleep(100_000);
$start = hrtime(true);
$s->unlock();
$took = ((int) $waiter->hear() - $start) / 1e9;
echo $took < 5 ? 'at once' : "after $took s", "\n", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
at once
exit 0
