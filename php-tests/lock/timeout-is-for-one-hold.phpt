--TEST--
A timeout counts for one hold of the lock: a process that waits for several holds, one after the other, gets its turn
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 0;
$s->lock();
$peers = [];
foreach (range(1, 6) as $n) {
    $peers[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell('about to lock');
        $start = hrtime(true);
        try {
            $s->lock(1);
            $waited = (hrtime(true) - $start) / 1e9;
            usleep(400_000);
            $s->x++;
            $s->unlock();
            $parent->tell($waited);
        } catch (SyncLockTimeoutException $e) {
            $parent->tell($e->getMessage());
        }
    });
}
$reader = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('about to read');
    for ($reads = 0; $reads < 5; $reads++) {
        $s->x;
    }
    $parent->tell('it could read');
});
foreach ([...$peers, $reader] as $peer) {
    $peer->hear();
}
$s->unlock();
$waited = array_map(fn ($peer) => $peer->hear(), $peers);
echo max($waited) > 1.5 ? 'one has waited for more than a second' : json_encode($waited), "\n";
echo $reader->hear(), "\n";
foreach ([...$peers, $reader] as $peer) {
    $peer->end();
}
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
one has waited for more than a second
it could read
int(6)
