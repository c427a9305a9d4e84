--TEST--
After unlock() waiting processes continue
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$a->lock(1);
$a->x = 1;
$a->unlock();
var_dump($b->x, $b->lock(1)->set('x', 2), $b->unlock()->x, $a->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(2)
int(2)
