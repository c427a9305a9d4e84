--TEST--
lock() waits while another process holds the lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('about to lock');
    $s->lock();
    $parent->tell($s->x);
    $parent->hear();
    $s->x = 'from the child';
    $s->unlock();
});
$child->hear();
usleep(50_000);
$s->x = 'from the parent';
$s->unlock();
echo $child->hear(), "\n";
$child->tell('go on');
echo $s->x, "\n", $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
from the parent
from the child
exit 0
