--TEST--
A Sync that is stored as a value comes back as a handle on its file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$inner = new Sync(scratch('inner'));
$inner->x = 1;
$outer = new Sync(scratch('outer'));
$outer->inner = $inner;
$outer->list = [$inner, ['k' => $inner]];
$outer->self = $outer;
$inner->x = 2;
$other = new Sync(scratch('outer'));
var_dump(get_class($other->inner), $other->inner->x, $other->list[1]['k']->x, $other->self->self->inner->x);
$other->inner->y = 3;
var_dump($inner->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "Sync"
int(2)
int(2)
int(2)
int(3)
