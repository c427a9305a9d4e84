--TEST--
A path that cannot be opened, such as that of a directory: Can't open '%s' file.
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('directory'));
$s = new Sync(scratch('directory'));
attempt(fn () => $s->x = 1);
attempt(fn () => $s->x);
attempt(fn () => $s->lock());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't open '{dir}/directory' file.
SyncException: Can't open '{dir}/directory' file.
SyncException: Can't open '{dir}/directory' file.
