--TEST--
setData() takes a stdClass only, and changes nothing otherwise
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
attempt(fn () => $s->setData(['x' => 2]));
attempt(fn () => $s->setData(new ArrayObject));
attempt(fn () => $s->setData(null));
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
TypeError: Sync::setData(): Argument #1 ($data) must be of type stdClass, array given
TypeError: Sync::setData(): Argument #1 ($data) must be of type stdClass, ArrayObject given
TypeError: Sync::setData(): Argument #1 ($data) must be of type stdClass, null given
int(1)
