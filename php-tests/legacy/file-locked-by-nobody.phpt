--TEST--
A lock recorded in an old file belongs to no process, and keeps no process waiting
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

file_put_contents(scratch(), serialize((object) ['data' => (object) ['x' => 1], 'lock' => 'b9f1', 'timeout' => 0, 'interval' => 50000]));
$s = new Sync(scratch());
var_dump($s->x, $s->x = 2, $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(2)
