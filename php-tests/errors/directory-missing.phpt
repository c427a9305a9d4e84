--TEST--
A write into a directory that is missing: Directory '%s' does not exist or is not writable.
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('missing/store'));
attempt(fn () => $s->x = 1);
attempt(fn () => $s->set('x', 1));
attempt(fn () => $s['x'] = 1);
attempt(fn () => $s->setData(new stdClass));
attempt(fn () => $s->lock());
var_dump(file_exists(scratch('missing')));
mkdir(scratch('missing'));
$s->x = 1;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Directory '{dir}/missing' does not exist or is not writable.
SyncException: Directory '{dir}/missing' does not exist or is not writable.
SyncException: Directory '{dir}/missing' does not exist or is not writable.
SyncException: Directory '{dir}/missing' does not exist or is not writable.
SyncException: Directory '{dir}/missing' does not exist or is not writable.
bool(false)
int(1)
