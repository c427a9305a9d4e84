--TEST--
A clone is another handle on the same file, not locked
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->lock(1);
$clone = clone $s;
attempt(fn () => $clone->x);
$s->unlock();
$clone->x = 2;
var_dump($s->x, $clone->getFile() === $s->getFile(), get_class($clone));
unset($s);
var_dump($clone->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by another object of this same process.
int(2)
bool(true)
string(4) "Sync"
int(2)
