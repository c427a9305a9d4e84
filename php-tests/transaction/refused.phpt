--TEST--
Within a transaction methods are refused that end it, or wait for others
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 1;
$s->transaction(function ($s) {
    $calls = [
        fn () => $s->lock(),
        fn () => $s->tryLock(),
        fn () => $s->synchronized(fn () => 1),
        fn () => $s->setFile(scratch('other')),
        fn () => $s->destroy(),
        fn () => $s->__construct(scratch('other')),
    ];
    foreach ($calls as $call) {
        try {
            $call();
            echo "nothing\n";
        } catch (SyncException $e) {
            echo $e->getMessage(), "\n";
        }
    }
    (new Fiber(function () use ($s) {
        try {
            $s->setFile(scratch('other'));
        } catch (SyncException $e) {
            echo 'a fiber: ', $e->getMessage(), "\n";
        }
    }))->start();
    $s->n++;
});
var_dump($s->n);
// Within lock() it works, and the lock outlasts it.
$s->lock();
$s->transaction(fn ($s) => $s->n++);
$child = Peer::fork(function (Peer $parent) {
    $parent->tell('there');
    $parent->hear();
    $s = new Sync(scratch());
    $n = $s->n;
    $parent->tell((string) $n);
});
$child->hear();
$child->tell();
$s->unlock();
var_dump((int) $child->hear());
$child->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
lock() can't be called within a transaction: call it before or after.
tryLock() can't be called within a transaction: call it before or after.
synchronized() can't be called within a transaction: call it before or after.
setFile() can't be called within a transaction: call it before or after.
destroy() can't be called within a transaction: call it before or after.
__construct() can't be called within a transaction: call it before or after.
a fiber: setFile() can't be called within a transaction: call it before or after.
int(2)
int(3)
