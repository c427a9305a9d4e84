--TEST--
A property reads back as the written value, by this object and by another one
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$a = new Sync(scratch());
$b = new Sync(scratch());
$a->greeting = 'hello';
var_dump($a->greeting, $b->greeting);
$b->greeting = 'good bye';
var_dump($a->greeting, $b->greeting);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(5) "hello"
string(5) "hello"
string(8) "good bye"
string(8) "good bye"
