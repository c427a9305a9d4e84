--TEST--
Assigning a variable that is a reference stores its value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$x = 1;
$r = &$x;
$s->x = $r;
$r = 2;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
