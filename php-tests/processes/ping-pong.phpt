--TEST--
Two processes that answer each other's writes never see an old value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->ball = 0;
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    for ($i = 0; $i < 500; $i++) {
        $parent->hear();
        $s->ball = $s->ball + 1;
        $parent->tell();
    }
});
for ($i = 1; $i <= 500; $i++) {
    $child->tell();
    $child->hear();
    if ($s->ball !== $i) {
        echo "expected $i, saw $s->ball\n";
    }
}
echo $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
