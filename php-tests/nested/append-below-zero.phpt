--TEST--
Appending to an array whose highest key is below zero loses nothing for any reader
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$o = new stdClass;
foreach ([$s, $o] as $each) {
    $each->a = [-3 => 'minus three'];
    $each->a[] = 'next';
    $each->a[] = 'and next';
    $each->b[-5] = 'minus five';
    $each->b[] = 'next';
}
$other = new Sync(scratch());
var_dump($s->a === $o->a, $s->b === $o->b, $other->a === $o->a, $other->b === $o->b);
$other->a[] = $o->a[] = 'last';
var_dump($s->a === $o->a, $other->a === $o->a);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
