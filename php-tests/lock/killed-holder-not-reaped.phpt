--TEST--
A killed holder that its parent has not waited for holds nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock();
    $parent->tell('locked');
    $parent->hear();
});
$holder->hear();
$holder->kill();
var_dump($s->x, $s->x = 2);
echo $holder->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
signal 9
