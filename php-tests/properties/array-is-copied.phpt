--TEST--
A read array belongs to the reader: changing it changes nothing that is stored
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = ['a' => [1, 2]];
$list = $s->list;
$list['a'][] = 3;
$list['b'] = 4;
$again = $s->list;
sort($again['a']);
var_dump($s->list === ['a' => [1, 2]]);
$written = [1];
$s->list = $written;
$written[] = 2;
var_dump($s->list === [1]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
