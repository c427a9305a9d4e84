--TEST--
A Sync is an ArrayAccess, whose methods can be called as such
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s instanceof ArrayAccess);
$s->offsetSet('x', 1);
var_dump($s->offsetGet('x'), $s->offsetExists('x'), $s->offsetExists('y'), $s->offsetGet('y'));
$s->offsetUnset('x');
var_dump($s->offsetExists('x'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(1)
bool(true)
bool(false)
NULL
bool(false)
