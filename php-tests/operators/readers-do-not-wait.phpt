--TEST--
While an operator keeps writers waiting, readers see the value from before
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Slow
{
    public function __toString(): string
    {
        [$child] = $GLOBALS['peers'];
        $child->tell('read');
        echo 'meanwhile: ', $child->hear(), "\n";
        return 'x';
    }
}
$s = new Sync(scratch());
$s->text = 'a';
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->hear();
    $parent->tell($s->text);
});
$peers = [$child];
$s->text .= new Slow;
echo $s->text, "\n", $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
meanwhile: a
ax
exit 0
