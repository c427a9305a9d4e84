--TEST--
A new file in a directory that is not writable: Directory '%s' does not exist or is not writable.
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('closed'));
chmod(scratch('closed'), 0555);
as_nobody(function () {
    $s = new Sync(scratch('closed/store'));
    var_dump($s->x);
    attempt(fn () => $s->x = 1);
    attempt(fn () => $s->lock());
});
var_dump(file_exists(scratch('closed/store')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
NULL
SyncException: Directory '{dir}/closed' does not exist or is not writable. It belongs to %s:%s with mode 0555, and this process runs as %s:%s. Let this process in by chmod or chgrp, or choose another directory.
SyncException: Directory '{dir}/closed' does not exist or is not writable. It belongs to %s:%s with mode 0555, and this process runs as %s:%s. Let this process in by chmod or chgrp, or choose another directory.
bool(false)
