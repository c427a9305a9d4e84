--TEST--
lock() belongs to the object, whichever fiber calls it; an operator keeps writers waiting also after unlock()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';
require __DIR__ . '/../include/suspends.inc';

$s = new Sync(scratch());
$s->text = 'a';

echo "locked in a fiber\n";
$fiber = new Fiber(function () use ($s) {
    $s->lock();
    Fiber::suspend();
    $s->text .= 'f';
});
$fiber->start();
echo 'others may ', others_may(), "\n";
$s->text .= 'm';
(new Fiber(fn () => $s->text .= 'g'))->start();
$s->unlock();
echo 'others may ', others_may(), "\n";
$fiber->resume();
var_dump($s->text);

echo "an operator under a lock that ends before it does\n";
$s->lock();
$fiber = new Fiber(fn () => $s->text .= new Suspends('f'));
$fiber->start();
echo 'others may ', others_may(), "\n";
try {
    $s->text = 'lost';
} catch (SyncException $e) {
    echo get_class($e), "\n";
}
$s->unlock();
echo 'others may ', others_may(), "\n";
$fiber->resume();
echo 'others may ', others_may(), "\n";
var_dump($s->text);

echo "locked inside of an operator, and unlocked\n";
$fiber = new Fiber(function () use ($s) {
    $s->text .= new Suspends('h', fn () => $s->lock());
});
$fiber->start();
echo 'others may ', others_may(), "\n";
$s->unlock();
echo 'others may ', others_may(), "\n";
$fiber->resume();
echo 'others may ', others_may(), "\n";
$fiber = new Fiber(function () use ($s) {
    $s->text .= new Suspends('i', fn () => $s->lock()->unlock());
});
$fiber->start();
echo 'others may ', others_may(), "\n";
$fiber->resume();
$fiber = new Fiber(function () use ($s) {
    $s->text .= new Suspends('j', fn () => $s->lock());
});
$fiber->start();
$fiber->resume();
echo 'others may ', others_may(), "\n";
$s->unlock();
echo 'others may ', others_may(), "\n";
var_dump($s->text);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
locked in a fiber
others may wait
others may write
string(4) "amgf"
an operator under a lock that ends before it does
others may wait
SyncException
others may read
others may write
string(5) "amgff"
locked inside of an operator, and unlocked
others may wait
others may read
others may write
others may read
others may wait
others may write
string(8) "amgffhij"
