--TEST--
A file whose permissions are taken away while it is open is an exception or stays usable, never a signal
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
chmod(scratch(), 0666);
as_nobody(function () {
    $s = new Sync(scratch());
    $s->x = 2;
    $parent = Peer::fork(fn () => 0)->end();
    foreach ([0444, 0000] as $mode) {
        (new Sync('/nonexistent'))->getFile();
        $done = posix_getuid() === 0 || @chmod(scratch(), $mode);
        try {
            var_dump($s->x === 2);
            $s->x = 2;
        } catch (SyncException $e) {
            echo str_contains($e->getMessage(), scratch()) ? '' : $e->getMessage();
        }
    }
});
chmod(scratch(), 0666);
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
int(2)
