--TEST--
A process that waits dies of SIGTERM at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock(0, 30_000_000);
$waiter = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('about to read');
    $s->x;
});
$waiter->hear();
usleep(50_000);
$start = hrtime(true);
echo $waiter->kill(SIGTERM)->end(), "\n";
echo hrtime(true) - $start < 5e9 ? "at once\n" : "late\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
signal 15
at once
