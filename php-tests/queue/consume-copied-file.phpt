--TEST--
A copy of a file has an element in consumption, and so has the file that was renamed; another file at its path has nothing of it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->jobs = [1];
$s->consume('jobs', function () use ($s) {
    copy(scratch(), scratch('copy'));
    echo json_encode((new Sync(scratch('copy')))->jobs), "\n";
    rename(scratch(), scratch('renamed'));
    $s->jobs = ['in a new file'];
});
$renamed = new Sync(scratch('renamed'));
unset($s->jobs);
echo json_encode($s->getData()), ' ', json_encode($renamed->jobs), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[1]
{} [1]
