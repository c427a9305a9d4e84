--TEST--
A forked process and its parent see each other's writes at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 'parent';
$child = Peer::fork(function (Peer $parent) use ($s) {
    $parent->tell($s->x);
    $s->x = 'child';
    $parent->tell('written');
    $parent->hear();
    $parent->tell(json_encode([$s->x, $s->y]));
});
echo $child->hear(), "\n", $child->hear(), "\n", $s->x, "\n";
$s->x = [1];
$s->y = 2;
$child->tell();
echo $child->hear(), "\n", $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
parent
written
child
[[1],2]
exit 0
