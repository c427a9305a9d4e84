--TEST--
A process that keeps all others from writing does not wait for them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->x = 1;
$other->x;
$try = function (string $what, Closure $wait) {
    try {
        $wait();
        echo "$what: no exception\n";
    } catch (SyncException $e) {
        echo "$what: ", get_class($e), " ", strtok($e->getMessage(), ":,."), "\n";
    }
};
$s->lock();
$try("lock", fn () => $s->wait("x"));
$try("lock, waitFor", fn () => $s->waitFor("x", fn () => false));
$try("lock of another object", fn () => $other->wait("x"));
$s->unlock();
$try("unlocked", fn () => $s->wait("x", 0));
$try("update", fn () => $s->update("x", fn ($x) => $s->wait("x", 0)));
$try("update of another object", fn () => $s->update("x", fn ($x) => $other->wait("x", 0)));
$try("condition that locks", fn () => $s->waitFor("x", function () use ($s) { $s->lock(); }));
$s->unlock();
$try("a named lock", fn () => $s->synchronized(fn () => $s->wait("x", 0), "name"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
lock: SyncException Can't wait for a change of '%s
lock, waitFor: SyncException Can't wait for a change of '%s
lock of another object: SyncException Can't wait for a change of '%s
unlocked: no exception
update: SyncException Can't wait for a change of '%s
update of another object: SyncException Can't wait for a change of '%s
condition that locks: SyncException Can't wait for a change of '%s
a named lock: no exception
