--TEST--
A wait in a fiber blocks the whole thread
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$fiber = new Fiber(function () use ($s) {
    echo "begins\n";
    var_dump($s->wait("x", 0.05));
    Fiber::suspend();
    var_dump($s->wait("x", 0));
});
$fiber->start();
echo "has waited\n";
$other = new Sync(scratch());
$other->x = 1;
$fiber->resume();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
begins
bool(false)
has waited
bool(true)
