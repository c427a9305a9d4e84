--TEST--
An exception that a signal handler throws ends the wait
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->lock(0, 30_000_000);
$waiter = Peer::fork(function (Peer $parent) {
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, fn () => throw new LogicException('no more waiting'));
    $s = new Sync(scratch());
    foreach ([fn () => $s->x, fn () => $s->x = 2, fn () => $s->lock(), function () use ($s) { $s->x++; }] as $access) {
        $parent->tell('about to');
        try {
            $access();
            $parent->tell('no exception');
        } catch (LogicException $e) {
            $parent->tell($e->getMessage());
        }
    }
});
for ($i = 0; $i < 4; $i++) {
    $waiter->hear();
    usleep(20_000);
    $waiter->kill(SIGUSR1);
    echo $waiter->hear(), "\n";
}
echo $waiter->end(), "\n";
$s->unlock();
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
no more waiting
no more waiting
no more waiting
no more waiting
exit 0
int(1)
