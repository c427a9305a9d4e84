--TEST--
$s[] = $x appends under the next free integer
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s[] = 'zero';
$s[] = 'one';
$s->{'7'} = 'seven';
$s->name = 'not a number';
$s[] = 'eight';
$s->{'-3'} = 'minus three';
$s->{'010'} = 'not canonical';
$s[] = 'nine';
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(8) {
  [0]=>
  string(4) "zero"
  [1]=>
  string(3) "one"
  [7]=>
  string(5) "seven"
  ["name"]=>
  string(12) "not a number"
  [8]=>
  string(5) "eight"
  [-3]=>
  string(11) "minus three"
  ["010"]=>
  string(13) "not canonical"
  [9]=>
  string(4) "nine"
}
