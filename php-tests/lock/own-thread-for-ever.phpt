--TEST--
An endless wait for a lock that another object of the same thread holds is an exception at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->x = 1;
$holder->lock();
foreach ([fn () => $other->x, fn () => $other->x = 2, fn () => $other->lock(), fn () => $other->getData()] as $access) {
    try {
        $access();
        echo "no exception\n";
    } catch (SyncException $e) {
        echo get_class($e), str_contains($e->getMessage(), scratch()) ? ', naming the file' : ": {$e->getMessage()}", "\n";
    }
}
$holder->unlock();
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException, naming the file
SyncException, naming the file
SyncException, naming the file
SyncException, naming the file
int(1)
