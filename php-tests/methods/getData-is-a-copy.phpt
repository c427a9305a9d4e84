--TEST--
The result of getData() is a copy
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$data = $s->getData();
$data->x = 2;
$data->y = 3;
var_dump($s->x, isset($s->y));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(false)
