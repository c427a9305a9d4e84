--TEST--
A lock is that of one fiber: another one does not have it, cannot release it, and does not wait for it for ever
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['a', null] as $name) {
    $fiber = new Fiber(function () use ($s, $name) {
        $s->synchronized(fn () => Fiber::suspend(), $name);
    });
    $fiber->start();
    $s->release($name);
    var_dump($s->tryLock($name), $s->tryLock($name, 0.01));
    attempt(fn () => $s->tryLock($name, null));
    attempt(fn () => $s->synchronized(fn () => print 'never', $name));
    $fiber->resume();
    var_dump(is_int($s->tryLock($name)));
    $s->release($name);
}
// One that is destroyed in the middle gives it back.
$fiber = new Fiber(fn () => $s->synchronized(fn () => Fiber::suspend(), 'a'));
$fiber->start();
unset($fiber);
gc_collect_cycles();
var_dump(is_int($s->tryLock('a')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(false)
bool(false)
SyncException: Can't lock 'a': another Sync object, or fiber, of this same process has that lock, so that waiting would never end. Let it call release() first; where that fiber has ended, its object's end does.
SyncException: Can't lock 'a': another Sync object, or fiber, of this same process has that lock, so that waiting would never end. Let it call release() first; where that fiber has ended, its object's end does.
bool(true)
bool(false)
bool(false)
SyncException: Can't access shared object: another Sync object of this same process holds the lock on '%s', so that waiting would never end. Call its unlock() first.
SyncException: Can't access shared object: another Sync object of this same process holds the lock on '%s', so that waiting would never end. Call its unlock() first.
bool(true)
bool(true)
