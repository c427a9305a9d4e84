--TEST--
setData() with a value that cannot be stored changes nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
try {
    $s->setData((object) ['x' => 2, 'f' => fn () => 1]);
} catch (Exception $e) {
    echo "refused\n";
}
var_dump(get_object_vars($s->getData()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
refused
array(1) {
  ["x"]=>
  int(1)
}
