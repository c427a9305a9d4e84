--TEST--
A file of version 1.5 is read as it is, and not changed by that
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$data = (object) ['text' => 'é', 'n' => 42, 'list' => [1, [2]], '重庆' => null, 'object' => (object) ['x' => 1.5], 7 => 'seven'];
$old = serialize((object) ['data' => $data, 'lock' => false, 'timeout' => 0, 'interval' => 50000]);
file_put_contents(scratch(), $old);
$s = new Sync(scratch());
var_dump($s->text, $s->n, $s->list === [1, [2]], isset($s->{'重庆'}), $s->{'重庆'}, $s->object == (object) ['x' => 1.5], $s->{7}, $s->missing, $s->get('missing', 'default'), isset($s['n']));
var_dump($s->getData() == $data, array_keys((array) $s->getData()) === array_keys((array) $data));
var_dump(file_get_contents(scratch()) === $old);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(2) "é"
int(42)
bool(true)
bool(false)
NULL
bool(true)
string(5) "seven"
NULL
string(7) "default"
bool(true)
bool(true)
bool(true)
bool(true)
