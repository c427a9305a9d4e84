--TEST--
ReflectionObject and ReflectionProperty see shared properties as dynamic ones
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$property = new ReflectionProperty($s, 'x');
var_dump($property->getValue($s), $property->isPublic(), $property->isDefault());
$property->setValue($s, 2);
var_dump((new Sync(scratch()))->x, (new ReflectionObject($s))->hasProperty('x'), (new ReflectionObject($s))->hasProperty('y'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
bool(false)
int(2)
bool(true)
bool(false)
