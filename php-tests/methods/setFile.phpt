--TEST--
setFile() goes over to another file, touches nothing and returns the object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('one'));
$s->x = 1;
var_dump($s->setFile(scratch('two')) === $s, $s->getFile() === scratch('two'));
var_dump(scratch_exists('two'), $s->x);
$s->x = 2;
var_dump($s->x, $s->setFile(scratch('one'))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
NULL
int(2)
int(1)
