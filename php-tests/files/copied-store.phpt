--TEST--
A copied file is a store of its own
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch('a'));
$a->x = 1;
copy(scratch('a'), scratch('b'));
$b = new Sync(scratch('b'));
var_dump($b->x);
$b->x = 2;
$a->y = 3;
var_dump($a->x, $b->x, isset($b->y));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(1)
int(2)
bool(false)
