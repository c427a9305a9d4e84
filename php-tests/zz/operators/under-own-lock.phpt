--TEST--
Operators and nested writes work between lock() and unlock()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$s->n ??= 5;
$s->n++;
$s->n .= 'x';
$s->map['a']['b'][] = 1;
$s->map['a']['c'] ??= 2;
$s->unlock();
$other = new Sync(scratch());
$other->n .= 'y';
var_dump($s->n, json_encode($s->map));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(3) "6xy"
string(21) "{"a":{"b":[1],"c":2}}"
