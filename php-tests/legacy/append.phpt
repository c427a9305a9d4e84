--TEST--
$s[] = takes the number after the highest of a file of version 1.5
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

file_put_contents(scratch(), serialize((object) ['data' => (object) ['7' => 'v', 'x' => 'v'], 'lock' => false, 'timeout' => 0, 'interval' => 50000]));
$s = new Sync(scratch());
$s[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
7 x 8
