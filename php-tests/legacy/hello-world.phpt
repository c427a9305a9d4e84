--TEST--
The original's hello world runs unchanged
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$sync = new \Sync(scratch('demo.sync'));
$sync->hello = 'foo, bar!';
echo $sync->hello, PHP_EOL;
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
foo, bar!
