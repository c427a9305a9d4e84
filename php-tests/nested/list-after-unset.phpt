--TEST--
A list goes on after its last element was unset, and all agree how
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
