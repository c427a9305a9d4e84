--TEST--
The holder of the lock on a file that is cut short is told so first, and then of the damaged file
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$s->x = 1;
$file = fopen(scratch(), 'r+');
ftruncate($file, 4096);
attempt(function () use ($s) {
    // Noticed within a tick of the clock.
    while ($s->x === 1);
});
attempt(fn () => $s->x);
ftruncate($file, 0);
$s->x = 2;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
SyncException: File '{dir}/store' is not a Sync store: it is cut short (4096 bytes, its header tells of 4 pages). It was left untouched; move it away or choose another file.
int(2)
