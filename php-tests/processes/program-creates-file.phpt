--TEST--
A value that a program wrote is there after its end
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

Peer::php('$s = new Sync($argv[1]); $s->x = [1, 2]; $s->y = "why";', scratch())->end();
$s = new Sync(scratch());
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(2) {
  ["x"]=>
  array(2) {
    [0]=>
    int(1)
    [1]=>
    int(2)
  }
  ["y"]=>
  string(3) "why"
}
