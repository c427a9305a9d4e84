--TEST--
isset() is true for a property that is there and not null, falsy values included
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->null = null;
$s->zero = 0;
$s->false = false;
$s->empty = '';
$s->list = [];
var_dump(isset($s->null), isset($s->missing));
var_dump(isset($s->zero), isset($s->false), isset($s->empty), isset($s->list));
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
bool(true)
bool(true)
bool(true)
