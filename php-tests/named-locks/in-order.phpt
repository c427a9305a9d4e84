--TEST--
The one that has waited longest has the lock next, even when the owner takes it again at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->order = '';
$s->tryLock('a');
$waiters = [];
foreach (['first', 'second', 'third'] as $n => $name) {
    $waiters[] = Peer::fork(function () use ($name) {
        $s = new Sync(scratch());
        $s->synchronized(function () use ($s, $name) { $s->order .= "$name "; }, 'a');
    });
    while ($s->stats()['waiters'] <= $n) {
        usleep(1000);
    }
}
$s->release('a');
$s->synchronized(function () use ($s) { $s->order .= 'owner'; }, 'a');
foreach ($waiters as $waiter) {
    $waiter->end();
}
echo $s->order, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
first second third owner
