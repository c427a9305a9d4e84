--TEST--
foreach gives names and values in the order of insertion
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach ($s as $k => $v) {
    echo "no file, no turn\n";
}
var_dump(scratch_exists());
$s->b = 1;
$s->a = [2];
$s->{0} = 'zero';
$s->{''} = 'empty';
$s->null = null;
foreach ($s as $k => $v) {
    echo var_export($k, true), ' => ', json_encode($v), "\n";
}
foreach ($s as $v) {
    echo json_encode($v), ' ';
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
'b' => 1
'a' => [2]
'0' => "zero"
'' => "empty"
'null' => null
1 [2] "zero" "empty" null
