--TEST--
Writing keeps inode, owner and mode of the file
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
chmod(scratch(), 0640);
clearstatcache();
$before = stat(scratch());
$s->x = str_repeat('x', 1_000_000);
$s->setData(new stdClass);
$s->y = 1;
clearstatcache();
$after = stat(scratch());
foreach (['ino', 'mode', 'uid', 'gid'] as $what) {
    var_dump($before[$what] === $after[$what]);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
