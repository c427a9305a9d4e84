--TEST--
A function that takes an ArrayAccess can use a Sync
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function fill(ArrayAccess $a): void
{
    foreach (range(1, 3) as $i) {
        $a["k$i"] = $i * $i;
    }
    unset($a['k2']);
}
$s = new Sync(scratch());
fill($s);
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(2) {
  ["k1"]=>
  int(1)
  ["k3"]=>
  int(9)
}
