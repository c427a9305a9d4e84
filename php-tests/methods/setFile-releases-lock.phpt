--TEST--
setFile() releases a lock that the object holds, on the file it leaves
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('one'));
$s->x = 1;
$s->lock();
$s->setFile(scratch('two'));
$other = new Sync(scratch('one'));
var_dump($other->x);
$s->y = 2;
var_dump((new Sync(scratch('two')))->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
