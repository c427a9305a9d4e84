--TEST--
A signal handler runs while a lock is waited for, and may end the wait by an exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->tryLock('a');
$waiter = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function () use ($s, $parent) {
        // It may use the same object, for another lock.
        $parent->tell(gettype($s->tryLock('b')));
        $s->release('b');
    });
    pcntl_signal(SIGUSR2, fn () => throw new LogicException('no more waiting'));
    foreach ([fn () => $s->tryLock('a', null), fn () => $s->synchronized(fn () => 1, 'a')] as $wait) {
        $parent->tell('about to');
        try {
            $wait();
        } catch (LogicException $e) {
            $parent->tell($e->getMessage());
            $parent->hear();
        }
    }
});
for ($i = 0; $i < 2; $i++) {
    $waiter->hear();
    while ($s->stats()['waiters'] < 1) {
        usleep(1000);
    }
    echo $waiter->kill(SIGUSR1)->hear(), "\n";
    echo $waiter->kill(SIGUSR2)->hear(), "\n";
    // (Nobody waits any more.)
    var_dump($s->stats()['waiters']);
    $waiter->tell();
}
echo $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
integer
no more waiting
int(0)
integer
no more waiting
int(0)
exit 0
