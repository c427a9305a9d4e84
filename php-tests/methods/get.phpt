--TEST--
get() gives the value, or null where it is missing or the file is
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->get('x'), scratch_exists());
$s->x = 1;
var_dump($s->get('x'), $s->get('y'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
int(1)
NULL
