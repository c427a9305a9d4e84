--TEST--
A row of handles, each inside of the store of another, is shown as far as the stack can bear, and then an exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

// Each store holds a handle on the next; the loop keeps one object at a time, so that few files are open at once.
ini_set('sync.max_handles', 20);
const ROW = 400;
for ($i = 0; $i < ROW; $i++) {
    $s = new Sync(scratch("store$i"));
    $s->next = new Sync(scratch('store' . $i + 1));
}
$show = fn () => strlen(print_r(new Sync(scratch('store0')), true)) > ROW;
var_dump($show());
ini_set('fiber.stack_size', 128 << 10);
$fiber = new Fiber(fn () => attempt($show));
$fiber->start();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
SyncException: A Sync object is inside of more others than the stack that is left can bear.
