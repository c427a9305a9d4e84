--TEST--
A file that is deleted and made anew is followed every time
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
for ($i = 0; $i < 200; $i++) {
    if ($b->x !== null) {
        echo "round $i: still there\n";
    }
    $a->x = $i;
    if ($b->x !== $i) {
        echo "round $i: not seen\n";
    }
    unlink(scratch());
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
