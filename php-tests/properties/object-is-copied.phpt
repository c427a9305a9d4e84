--TEST--
An object is stored as it is at that moment, and every read gives a new one
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$object = (object) ['n' => 1];
$s->object = $object;
$object->n = 2;
var_dump($s->object->n);
$read = $s->object;
$read->n = 3;
var_dump($s->object->n, $s->object === $s->object, $s->object == $s->object);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(1)
bool(false)
bool(true)
