--TEST--
A copy that was made while the original was locked is not locked
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch('a'));
$a->x = 1;
$a->lock();
copy(scratch('a'), scratch('b'));
$b = new Sync(scratch('b'));
var_dump($b->x, $b->x = 2, $b->lock()->unlock()->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(2)
