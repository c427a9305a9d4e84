--TEST--
After destroy() every other object sees an empty store at once, and writes into a new one
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$a->x = 1;
var_dump($b->x);
$a->destroy();
var_dump($b->x, isset($b->x), scratch_exists());
$b->y = 2;
var_dump($a->x, $a->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
NULL
bool(false)
bool(false)
NULL
int(2)
