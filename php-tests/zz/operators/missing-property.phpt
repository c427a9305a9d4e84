--TEST--
An operator on a missing property starts from null, without a warning, like a read
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a++;
$s->b += 5;
$s->c .= 'x';
$s->d['n']['m'] = 1;
var_dump($s->a, $s->b, $s->c, $s->d['n']);
var_dump(--$s->e);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(5)
string(1) "x"
array(1) {
  ["m"]=>
  int(1)
}
NULL
