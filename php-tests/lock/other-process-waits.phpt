--TEST--
A process that reads while another one holds the lock gets the value written before unlock()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 'before';
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->hear();
    $parent->tell('about to read');
    $parent->tell($s->x);
});
$s->lock();
$child->tell('the lock is held');
$child->hear();
// Not needed for the test to pass; it gives a reader that does not wait the time to show it.
usleep(50_000);
$s->x = 'after';
$s->unlock();
echo $child->hear(), "\n", $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
after
exit 0
