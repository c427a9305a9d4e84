--TEST--
Reading from a directory that is missing gives null
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('missing/store'));
var_dump($s->x, isset($s->x), $s->get('x', 'default'), $s->getData() == new stdClass);
unset($s->x);
$s->destroy();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
string(7) "default"
bool(true)
