--TEST--
Properties work through variable names, braces, list() and the null-safe operator
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$name = 'x';
$s->$name = 1;
$s->{'y' . 1} = 2;
[$s->p, $s->q] = [3, 4];
['k' => $s->r] = ['k' => 5];
var_dump($s->x, $s->y1, $s->p, $s->q, $s?->r);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(3)
int(4)
int(5)
