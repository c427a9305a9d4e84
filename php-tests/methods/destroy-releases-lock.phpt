--TEST--
destroy() releases the lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock();
$s->destroy();
$other = new Sync(scratch());
$other->x = 1;
var_dump($other->x, $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(1)
