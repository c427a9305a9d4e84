--TEST--
Another object, another fiber and a clone see the state before a transaction, and do not write within it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->x = 'old';
function write_as(string $who, callable $write): void
{
    try {
        $write();
        echo "$who has written\n";
    } catch (SyncException $e) {
        echo "$who: ", get_class($e), "\n";
    }
}
$s->transaction(function ($s) use ($other) {
    $s->x = 'new';
    $fiber = new Fiber(function () use ($s) {
        echo "a fiber reads $s->x\n";
        write_as('a fiber', fn () => $s->x = 'from a fiber');
        echo "a fiber reads $s->x\n";
    });
    $fiber->start();
    echo "another object reads $other->x\n";
    write_as('another object', fn () => $other->x = 'from another object');
    $clone = clone $s;
    echo "a clone reads $clone->x\n";
    $second = new Sync(scratch('second'));
    $second->x = 'new';
    echo "another object of the class reads $second->x\n";
    unset($clone, $second);
    echo "in the transaction: $s->x\n";
});
echo "afterwards: $s->x, $other->x, ", (clone $s)->x, "\n";
// A fiber that is suspended within it leaves the object to others as it was.
$s->x = 'old';
$fiber = new Fiber(fn () => $s->transaction(function ($s) {
    $s->x = 'new';
    Fiber::suspend();
}));
$fiber->start();
echo "suspended: $s->x, ";
$fiber->resume();
echo "$s->x\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a fiber reads old
a fiber: SyncException
a fiber reads old
another object reads old
another object: SyncException
a clone reads old
another object of the class reads new
in the transaction: new
afterwards: new, new, new
suspended: old, new
