--TEST--
A waiter that is stopped, or killed, is passed over
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->order = '';
$s->tryLock('a');
$waiters = [];
foreach (['stopped', 'killed', 'third'] as $n => $name) {
    $waiters[$name] = Peer::fork(function (Peer $parent) use ($name) {
        $s = new Sync(scratch());
        $s->synchronized(function () use ($s, $name) { $s->order .= "$name "; }, 'a');
        $parent->tell('done');
    });
    while ($s->stats()['waiters'] <= $n) {
        usleep(1000);
    }
}
$waiters['stopped']->stopAsleep();
$waiters['killed']->kill()->end();
$s->release('a');
echo $waiters['third']->hear(), "\n";
$waiters['stopped']->kill(SIGCONT);
echo $waiters['stopped']->hear(), "\n", $s->order, "\n";
foreach (['stopped', 'third'] as $name) {
    echo $waiters[$name]->end(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
done
third stopped 
exit 0
exit 0
