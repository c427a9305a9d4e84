--TEST--
After the file was deleted, the next write creates it anew, without the old content
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->old = 1;
unlink(scratch());
$s->new = 2;
var_dump((array) $s->getData(), file_exists(scratch()));
var_dump((array) (new Sync(scratch()))->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(1) {
  ["new"]=>
  int(2)
}
bool(true)
array(1) {
  ["new"]=>
  int(2)
}
