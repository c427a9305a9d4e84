--TEST--
Values can be swapped and spread between properties and elements
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = 1;
$s->b = 2;
[$s->a, $s->b] = [$s->b, $s->a];
$s->list = [1, 2, 3];
[$s->list[0], $s->list[2]] = [$s->list[2], $s->list[0]];
[$s->map['x'], [$s->map['y']]] = [5, [6]];
$s->list = [...$s->list, ...[4]];
echo json_encode($s->getData()), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"a":2,"b":1,"list":[3,2,1,4],"map":{"x":5,"y":6}}
