--TEST--
A version() tells since when a change counts, whatever the object was told meanwhile
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
var_dump($a->version());
$b->x = $b->y = 1;
$v = $a->version();
var_dump($v > 0, $v === $b->version(), $a->wait("x", 0, $v), $a->wait(null, 0, $v));
$a->x = 2;
var_dump($a->version() > $v, $a->wait("x", 0, $v), $a->wait("x", 0, $v), $a->wait("y", 0, $v), $a->wait(null, 0, $v), $a->wait("x", 0));
$v = $a->version();
unset($b->y);
var_dump($a->wait("y", 0, $v), $a->wait("x", 0, $v));
$v = $a->version();
$a->lock();
$a->unlock();
isset($a->x, $a->z);
unset($a->nothing);
count($a);
var_dump($a->version() === $v);
$b->destroy();
var_dump($a->version(), $a->wait(null, 0, $v));
$b->x = 2;
var_dump($a->version() !== $v, $a->wait(null, 0, $v), $a->wait("x", 0, 0), $a->wait("z", 0, 0));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
bool(true)
bool(true)
bool(false)
bool(false)
bool(true)
bool(true)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
int(0)
bool(true)
bool(true)
bool(true)
bool(true)
bool(false)
