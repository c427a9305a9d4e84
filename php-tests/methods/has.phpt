--TEST--
has() is true if the value is there and not null
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->has('x'), scratch_exists());
$s->x = 0;
$s->null = null;
var_dump($s->has('x'), $s->has('null'), $s->has('missing'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
bool(true)
bool(false)
bool(false)
