--TEST--
A path of a FIFO or a device is an exception that names it, never a wait
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

posix_mkfifo(scratch('fifo'), 0666);
foreach ([scratch('fifo'), '/dev/null', '/dev/zero'] as $path) {
    $s = new Sync($path);
    foreach ([fn () => $s->x, fn () => $s->x = 1] as $access) {
        try {
            $access();
            echo "no exception\n";
        } catch (SyncException $e) {
            echo str_contains($e->getMessage(), $path) ? "named\n" : $e->getMessage() . "\n";
        }
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
named
named
named
named
named
named
