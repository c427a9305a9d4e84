--TEST--
A resource becomes the same as by serialize
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$closed = fopen('php://memory', 'r');
fclose($closed);
comes_back('resources', [STDIN, [$closed], (object) ['r' => fopen('php://memory', 'r')]]);
$s = new Sync(scratch());
$s->x = STDIN;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
