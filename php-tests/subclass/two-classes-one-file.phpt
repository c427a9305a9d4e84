--TEST--
Objects of different classes on one file share one store and one lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class A extends Sync {}
class B extends A {}
$a = new A(scratch());
$b = new B(scratch());
$s = new Sync(scratch());
$a->x = 1;
var_dump($b->x, $s->x);
$b->lock(1);
attempt(fn () => $a->x);
$b->unlock();
var_dump($a->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(1)
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
int(1)
