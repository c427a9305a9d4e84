--TEST--
When the holder is killed, its waiters continue, long before their next check
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock(0, 30_000_000);
    $s->x = 2;
    $parent->tell('locked');
    $parent->hear();
});
$holder->hear();
$waiters = [];
for ($i = 0; $i < 3; $i++) {
    $waiters[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell('about to read');
        $x = $s->x;
        $parent->tell(hrtime(true) . " $x");
    });
}
foreach ($waiters as $waiter) {
    $waiter->hear();
}
usleep(100_000);
$start = hrtime(true);
$holder->kill();
foreach ($waiters as $waiter) {
    [$at, $x] = explode(' ', $waiter->hear());
    $took = ($at - $start) / 1e9;
    echo $took < 5 ? 'soon' : "after $took s", ", $x\n";
    $waiter->end();
}
echo $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
soon, 2
soon, 2
soon, 2
signal 9
