--TEST--
An operator that a fiber never finishes lets others write again
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';
require __DIR__ . '/../include/suspends.inc';

$s = new Sync(scratch());
$s->text = 'a';
$s->list = ['b'];

echo "thrown into\n";
$fiber = new Fiber(function () use ($s) {
    try {
        $s->text .= new Suspends('f');
    } catch (LogicException $e) {
        echo get_class($e), "\n";
    }
});
$fiber->start();
echo 'others may ', others_may(), "\n";
$fiber->throw(new LogicException);
echo 'others may ', others_may(), "\n";

echo "destroyed\n";
foreach ([
    fn () => $s->text .= new Suspends('f'),
    fn () => $s->list[0] .= new Suspends('f'),
    fn () => $s['text'] .= new Suspends('f'),
    fn () => $s->text .= new Suspends('f', fn () => $s->list[0] .= new Suspends('g')),
] as $operator) {
    $fiber = new Fiber($operator);
    $fiber->start();
    echo 'others may ', others_may(), "\n";
    $fiber = null;
    echo 'others may ', others_may(), "\n";
}

echo "its object is gone first\n";
$t = new Sync(scratch());
$fiber = new Fiber(function () use (&$t) {
    $t->text .= new Suspends('f');
});
$fiber->start();
$t = null;
echo 'others may ', others_may(), "\n";
$fiber->resume();
echo 'others may ', others_may(), "\n";

echo "it goes over to another file\n";
$t = new Sync(scratch());
$fiber = new Fiber(fn () => $t->text .= new Suspends('f'));
$fiber->start();
$t->setFile(scratch('other'));
$t->lock();
echo 'others may ', others_may(), "\n";
$fiber->resume();
$other = new Sync(scratch('other'));
try {
    $other->x = 1;
} catch (SyncException $e) {
    echo "the other file is locked still\n";
}
$t->unlock();
$other->x = 1;

var_dump($s->text, $s->list);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
thrown into
others may read
LogicException
others may write
destroyed
others may read
others may write
others may read
others may write
others may read
others may write
others may read
others may write
its object is gone first
others may read
others may write
it goes over to another file
others may write
the other file is locked still
string(2) "af"
array(1) {
  [0]=>
  string(1) "b"
}
