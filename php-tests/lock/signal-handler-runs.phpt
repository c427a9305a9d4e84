--TEST--
pcntl_async_signals() handlers run while an access waits; the access then continues to wait
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock(0, 30_000_000);
$waiter = Peer::fork(function (Peer $parent) {
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, fn () => $parent->tell('handled'));
    $s = new Sync(scratch());
    $parent->tell('about to read');
    $parent->tell($s->x);
});
$waiter->hear();
for ($i = 0; $i < 3; $i++) {
    $waiter->kill(SIGUSR1);
    echo $waiter->hear(), "\n";
}
$s->x = 'read';
$s->unlock();
echo $waiter->hear(), "\n", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
handled
handled
handled
read
exit 0
