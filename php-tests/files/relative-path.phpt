--TEST--
A relative path is resolved when the object is made
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('one'));
mkdir(scratch('two'));
chdir(scratch('one'));
$s = new Sync('store');
$t = (new Sync('elsewhere'))->setFile('./store.t');
chdir(scratch('two'));
$s->x = 1;
$t->x = 2;
var_dump(file_exists(scratch('one/store')), file_exists(scratch('one/store.t')), count(scandir(scratch('two'))));
chdir('/');
var_dump($s->x, (new Sync(scratch('one/store')))->x, (new Sync(scratch('two/../one/store')))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
int(2)
int(1)
int(1)
int(1)
