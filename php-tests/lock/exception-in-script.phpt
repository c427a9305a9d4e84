--TEST--
An exception between lock() and unlock() leaves the lock with the object, as long as there is one
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function work(): void
{
    $s = new Sync(scratch());
    $s->lock();
    $s->x = 1;
    throw new LogicException('oops');
}
$other = new Sync(scratch());
try {
    work();
} catch (LogicException $e) {
    unset($e);
}
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
