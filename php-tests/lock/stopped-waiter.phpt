--TEST--
A process that is stopped or killed while it waits for the lock keeps no other process waiting
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->order = '';
$s->lock();
$waiter = function (string $name) {
    $peer = Peer::fork(function (Peer $parent) use ($name) {
        $s = new Sync(scratch());
        $parent->tell('about to lock');
        $s->lock();
        $s->order .= $name;
        $s->unlock();
        $parent->tell('done');
    });
    $peer->hear();
    // It is in the queue of waiters once it sleeps (in futex) and keeps sleeping.
    for ($sleeps = 0; $sleeps < 3;) {
        usleep(10_000);
        $sleeps = $peer->sleeps() ? $sleeps + 1 : 0;
    }
    return $peer;
};
$stopped = $waiter('stopped ');
$killed = $waiter('killed ');
$third = $waiter('third ');
$fourth = $waiter('fourth ');
$stopped->stopAsleep();
$killed->kill()->end();
$s->unlock();
echo $third->hear(), ' ', $fourth->hear(), "\n", $s->order, "\n";
$stopped->kill(SIGCONT);
echo $stopped->hear(), "\n", $s->order, "\n";
foreach ([$stopped, $third, $fourth] as $peer) {
    echo $peer->end(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done done
third fourth 
done
third fourth stopped 
exit 0
exit 0
exit 0
