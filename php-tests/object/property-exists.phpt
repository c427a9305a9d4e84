--TEST--
property_exists() sees the shared properties
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->null = null;
var_dump(property_exists($s, 'x'), property_exists($s, 'null'), property_exists($s, 'missing'), property_exists('Sync', 'x'));
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
bool(false)
