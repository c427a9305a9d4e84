--TEST--
Renaming the file, or another one onto it, is noticed by the next statement
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('a'));
$s->x = 'a';
$t = new Sync(scratch('b'));
$t->x = 'b';
var_dump($s->x);
rename(scratch('a'), scratch('c'));
var_dump($s->x, file_exists(scratch('a')));
rename(scratch('b'), scratch('a'));
var_dump($s->x, $t->x);
rename(scratch('c'), scratch('a'));
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(1) "a"
NULL
bool(false)
string(1) "b"
NULL
string(1) "a"
