--TEST--
remove() removes and returns the object; a missing value or file is no error
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->remove('x') === $s, scratch_exists());
$s->x = 1;
$s->y = 2;
var_dump($s->remove('x') === $s, $s->x, $s->y);
var_dump($s->remove('x') === $s, $s->remove('y')->remove('z')->has('y'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
bool(true)
NULL
int(2)
bool(true)
bool(false)
