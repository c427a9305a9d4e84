--TEST--
get() gives its default where the value is missing or the file is, not where it is null
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->get('x', 'no file'), scratch_exists());
$s->x = 1;
$s->null = null;
var_dump($s->get('x', 'default'), $s->get('y', ['default']), $s->get('null', 'default'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(7) "no file"
bool(false)
int(1)
array(1) {
  [0]=>
  string(7) "default"
}
NULL
