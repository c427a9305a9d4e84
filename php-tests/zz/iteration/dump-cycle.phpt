--TEST--
Dumping an object that holds a Sync that is shown already ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->self = $s;
ob_start();
var_dump($s);
print_r($s);
echo strlen(ob_get_clean()) < 5000 ? "it ends\n" : "too long\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it ends
