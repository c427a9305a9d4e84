--TEST--
A path below a file: Directory '%s' does not exist or is not writable.
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

file_put_contents(scratch('file'), 'text');
$s = new Sync(scratch('file/store'));
attempt(fn () => $s->x = 1);
echo file_get_contents(scratch('file')), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Directory '{dir}/file' does not exist or is not writable. It is no directory.
text
