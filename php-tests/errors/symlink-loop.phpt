--TEST--
A path through symbolic links that form a circle: Can't open '%s' file: …
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

symlink(scratch('b'), scratch('a'));
symlink(scratch('a'), scratch('b'));
$s = new Sync(scratch('a'));
attempt(fn () => $s->x = 1);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't open '{dir}/a' file: its path goes through too many symbolic links, or in circles.
