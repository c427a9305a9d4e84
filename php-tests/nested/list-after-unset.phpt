--TEST--
Appending to a list whose last element was unset gives the same keys to all processes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->list = [1, 2, 3];
$other->list;
unset($s->list[2]);
$other->list[] = 'other';
$s->list[] = 'this';
var_dump($s->list === $other->list, $s->list === (new Sync(scratch()))->list);
echo json_encode($s->list), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
[1,2,"other","this"]
