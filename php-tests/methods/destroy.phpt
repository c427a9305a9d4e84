--TEST--
destroy() removes the file; using the object again creates it anew
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->destroy();
var_dump(scratch_exists(), $s->x, isset($s->x));
$s->y = 2;
var_dump(scratch_exists(), $s->x, $s->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
NULL
bool(false)
bool(true)
NULL
int(2)
