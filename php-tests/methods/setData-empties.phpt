--TEST--
setData() with an empty object removes everything
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$other = new Sync(scratch());
var_dump($other->x);
$s->setData(new stdClass);
var_dump($other->x, isset($other->x), $other->getData() == new stdClass);
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
bool(true)
