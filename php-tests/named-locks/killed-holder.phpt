--TEST--
The lock of a killed process is free at once, and goes to the one that waits
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$hold = fn () => Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell($s->tryLock('job') ? 'locked' : 'not locked');
    $parent->hear();
});
$holder = $hold();
echo $holder->hear(), "\n";
var_dump($s->tryLock('job'));
echo $holder->kill()->end(), "\n";
var_dump(is_int($s->tryLock('job')));
$s->release('job');
$holder = $hold();
echo $holder->hear(), "\n";
$waiter = Peer::fork(function (Peer $parent) {
    $parent->tell((new Sync(scratch()))->tryLock('job', null) ? 'it has it' : 'no');
});
while ($s->stats()['waiters'] < 1) {
    usleep(1000);
}
$holder->kill()->end();
echo $waiter->hear(), "\n", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
locked
bool(false)
signal 9
bool(true)
locked
it has it
exit 0
