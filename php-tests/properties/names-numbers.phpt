--TEST--
A number as a name is the string that it looks like
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->{0} = 'zero';
$s->{-7} = 'minus seven';
$s->{1.5} = 'one and a half';
var_dump($s->{'0'}, $s->{'-7'}, $s->{'1.5'});
var_dump($s->get(0), $s->has(-7), $s[1.5]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "zero"
string(11) "minus seven"
string(14) "one and a half"
string(4) "zero"
bool(true)
string(14) "one and a half"
