--TEST--
(array), get_object_vars(), iterator_to_array() and array functions see everything
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = 1;
$s->{5} = [2];
var_dump((array) $s === ['a' => 1, 5 => [2]], get_object_vars($s) === ['a' => 1, 5 => [2]]);
var_dump(array_key_exists('a', (array) $s), array_sum(array_map('is_int', (array) $s)));
$copy = (array) $s;
$copy['a'] = 9;
var_dump($s->a);
extract((array) $s);
var_dump($a);
$s->a = 2;
var_dump(((array) $s)['a'], get_object_vars($s)['a']);
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
int(1)
int(1)
int(1)
int(2)
int(2)
