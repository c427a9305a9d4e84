--TEST--
lock() and unlock() return the object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->lock() === $s, $s->unlock() === $s);
var_dump($s->lock(1, 5000)->set('x', 1), $s->unlock()->get('x'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
int(1)
int(1)
