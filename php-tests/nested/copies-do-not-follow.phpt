--TEST--
A value that was read does not change when the list grows
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [1, 2];
$before = $s->list;
$s->list[] = 3;
$s->list[0] = 'one';
echo json_encode([$before, $s->list]), "\n";
$other = new Sync(scratch());
$seen = $other->list;
$s->list[] = 4;
echo json_encode([$seen, $other->list]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[[1,2],["one",2,3]]
[["one",2,3],["one",2,3,4]]
