--TEST--
__get(), __set(), __isset() and __unset() can be called directly
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->__set('x', 1);
var_dump($s->__get('x'), $s->__isset('x'), $s->__isset('y'), $s->__get('y'));
$s->__unset('x');
var_dump(isset($s->x), is_callable([$s, '__get']), method_exists('Sync', '__set'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
bool(false)
NULL
bool(false)
bool(true)
bool(true)
