--TEST--
A wait while another process holds lock() ends in time; a change under it ends the wait when it is unlocked
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->lock();
$waiter = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell($s->wait("x", 0.05) ? "changed" : "in vain");
    $parent->tell($s->wait("x", 0) ? "changed" : "in vain");
    $parent->tell($s->wait("x", PATIENCE, 0) ? "changed" : "in vain");
});
echo $waiter->hear(), "\n", $waiter->hear(), "\n";
$s->x = 2;
$s->unlock();
echo $waiter->hear(), "\n", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
in vain
in vain
changed
exit 0
