--TEST--
Many processes that wait for the lock all get it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$s->order = [];
$waiters = [];
for ($i = 0; $i < 8; $i++) {
    $waiters[] = Peer::fork(function (Peer $parent) use ($i) {
        $s = new Sync(scratch());
        $parent->tell('about to lock');
        $s->lock();
        $s->order = [...$s->order, $i];
        $s->unlock();
    });
}
foreach ($waiters as $waiter) {
    $waiter->hear();
}
$s->unlock();
foreach ($waiters as $waiter) {
    $waiter->end();
}
$order = $s->order;
sort($order);
echo implode(' ', $order), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0 1 2 3 4 5 6 7
