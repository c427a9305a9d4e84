--TEST--
Without a name it is the lock of the whole: counted, with a token, and ended by unlock() as well
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$other = new Sync(scratch());
$named = $s->tryLock('a');
$token = $s->tryLock();
var_dump($token > $named, $s->tryLock(null, null) === $token, $other->tryLock(), $other->tryLock(timeout: 0.01));
attempt(fn () => $other->x);
$s->release();
attempt(fn () => $other->x);
$s->release()->release();
var_dump($other->x);
$s->tryLock();
$s->tryLock();
$s->unlock();
var_dump($other->tryLock() > $token);
$other->release();
// That of lock() goes on.
$s->lock()->release();
attempt(fn () => $other->x);
$s->tryLock();
$s->release();
attempt(fn () => $other->x);
$s->unlock();
var_dump($other->x);
// A holder that gives others little time: the caller says itself how long it waits.
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock(0.001);
    $parent->tell('locked');
    $parent->hear();
    $s->unlock();
});
echo $holder->hear(), "\n";
var_dump($s->tryLock(null, 0.1));
$holder->tell();
var_dump(is_int($s->tryLock(null, null)));
echo $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(true)
bool(true)
bool(false)
bool(false)
SyncException: %s
SyncException: %s
int(1)
bool(true)
SyncException: %s
SyncException: %s
int(1)
locked
bool(false)
bool(true)
exit 0
