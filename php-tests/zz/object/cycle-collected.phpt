--TEST--
A Sync in a cycle is collected as any object, and its lock ends then
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$node = new stdClass;
$node->self = $node;
$node->sync = new Sync(scratch());
$node->sync->lock();
unset($node);
gc_collect_cycles();
$other = new Sync(scratch());
$other->x = 1;
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
