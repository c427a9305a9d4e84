--TEST--
The object itself keeps no properties: shared values are in the file only
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$other = new Sync(scratch());
$other->x = 2;
unset($other);
var_dump($s->x);
scratch_unlink();
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(2)
NULL
