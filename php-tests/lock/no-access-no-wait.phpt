--TEST--
Methods that do not access the data do not wait
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$holder->lock();
$other = new Sync(scratch());
var_dump($other->getFile() === scratch(), $other->unlock() === $other);
$other->setFile(scratch('another'));
$other->x = 1;
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
int(1)
