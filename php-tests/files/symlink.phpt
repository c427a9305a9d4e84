--TEST--
A symbolic link leads to the same store as the file itself, and stays a link
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

symlink(scratch('real'), scratch('link'));
$link = new Sync(scratch('link'));
$link->x = 1;
$real = new Sync(scratch('real'));
var_dump($real->x, is_link(scratch('link')));
$real->x = 2;
var_dump($link->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
int(2)
