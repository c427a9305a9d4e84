--TEST--
Deleting the file from another process is noticed within a clock tick
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$child = Peer::fork(function (Peer $parent) {
    for ($i = 0; $i < 20; $i++) {
        $parent->hear();
        unlink(scratch());
        $parent->tell('deleted');
    }
});
for ($i = 0; $i < 20; $i++) {
    $s->x = $i;
    if ($s->x !== $i) {
        echo "round $i: not written\n";
    }
    $child->tell();
    $child->hear();
    // README.md promises 10 ms.
    usleep(10_000);
    if (isset($s->x)) {
        echo "round $i: still there\n";
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
