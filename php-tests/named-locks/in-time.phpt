--TEST--
A lock that does not come in time is false, or a SyncTimeoutException
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->tryLock('a');
    $parent->tell('locked');
    $parent->hear();
    $s->release('a');
});
echo $holder->hear(), "\n";
$start = hrtime(true);
var_dump($s->tryLock('a'), $s->tryLock('a', 0.1));
$took = (hrtime(true) - $start) / 1e9;
echo $took >= 0.1 && $took < 5 ? "in time\n" : "after $took s\n";
try {
    $s->synchronized(fn () => print 'never', 'a', 0);
} catch (SyncTimeoutException $e) {
    echo get_class($e), ': ', $e->getMessage(), "\n";
}
var_dump($s->stats()['waiters']);
$holder->tell();
var_dump($s->synchronized(fn () => 'it came', 'a', 60));
echo $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
locked
bool(false)
bool(false)
in time
SyncTimeoutException: The lock 'a' on '%s' did not come in time.
int(0)
string(7) "it came"
exit 0
