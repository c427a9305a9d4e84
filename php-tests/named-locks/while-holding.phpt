--TEST--
A holder of the whole takes locks of names, and is told that it would wait for those who wait for it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->tryLock('a');
    $parent->tell('locked');
    // Though another holds the whole.
    $parent->hear();
    $s->release('a')->tryLock('b');
    $parent->tell('the other one');
    $parent->hear();
});
echo $holder->hear(), "\n";
$s->lock();
var_dump($s->tryLock('a'));
attempt(fn () => $s->tryLock('a', 1));
attempt(fn () => $s->synchronized(fn () => print 'never', 'a'));
$holder->tell();
echo $holder->hear(), "\n";
var_dump(is_int($s->tryLock('a', null)), $s->tryLock('b'));
$s->unlock();
var_dump(is_int($s->tryLock('a')), (new Sync(scratch()))->tryLock('a'));
$holder->tell();
echo $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
locked
bool(false)
SyncException: Can't wait for the lock 'a' on '{dir}/store', which another object or fiber has, while this object keeps all others out, by lock(), a transaction or an update: the other one could not go on. Take it before that, or end that first.
SyncException: Can't wait for the lock 'a' on '{dir}/store', which another object or fiber has, while this object keeps all others out, by lock(), a transaction or an update: the other one could not go on. Take it before that, or end that first.
the other one
bool(true)
bool(false)
bool(true)
bool(false)
exit 0
