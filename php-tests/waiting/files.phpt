--TEST--
A file that does not exist yet, one that is replaced and one that is removed during a wait
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$wait = fn (string $what) => Peer::fork(function (Peer $parent) use ($what) {
    $s = new Sync(scratch());
    $s->x;
    $parent->tell("waits");
    $parent->tell($s->wait("x", PATIENCE) ? "$what: " . json_encode($s->x) : "$what: in vain");
});
$waiter = $wait("no file");
$waiter->hear();
var_dump(scratch_exists());
$s->y = 1;
$s->x = 1;
echo $waiter->hear(), "\n", $waiter->end(), "\n";
$waiter = $wait("replaced");
$waiter->hear();
$new = new Sync(scratch("new"));
$new->x = 2;
rename(scratch("new"), scratch());
echo $waiter->hear(), "\n", $waiter->end(), "\n";
$waiter = $wait("removed");
$waiter->hear();
unlink(scratch());
echo $waiter->hear(), "\n", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
no file: 1
exit 0
replaced: 2
exit 0
removed: null
exit 0
