--TEST--
A lock ends with the process that took it, also when a child that it forked lives on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock(0, 30_000_000);
    $grandchild = Peer::fork(function (Peer $holder) use ($parent) {
        $parent->tell('forked');
        $parent->hear();
        $parent->tell('the grandchild lives');
    });
    $grandchild->hear();
});
$holder->hear();
$holder->kill()->end();
var_dump($s->x);
$holder->tell();
echo $holder->hear(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
the grandchild lives
