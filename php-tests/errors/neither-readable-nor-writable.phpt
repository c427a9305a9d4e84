--TEST--
A file with mode 0000 is neither readable nor writable
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

file_put_contents(scratch(), '');
chmod(scratch(), 0000);
as_nobody(function () {
    $s = new Sync(scratch());
    attempt(fn () => $s->x);
    attempt(fn () => $s->x = 1);
});
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTREGEX--
SyncException: File '\{dir\}\/store' is not readable\. It belongs to .* with mode 0000, and .*
SyncException: File '\{dir\}\/store' is not (readable|writable)\. It belongs to .* with mode 0000, and .*
