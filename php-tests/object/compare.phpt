--TEST--
Two Syncs are == when they are on the same file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch('a'));
$also = new Sync(scratch('a'));
$b = new Sync(scratch('b'));
$a->x = $b->x = 1;
var_dump($a == $also, $a == $b, $a != $b, $a === $also, $a == clone $a, $a == (object) ['x' => 1], in_array($also, [$b, $a]));
$also->setFile(scratch('b'));
var_dump($a == $also, $b == $also);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
