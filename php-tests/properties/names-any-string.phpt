--TEST--
Names are any string: digits, Chinese, empty, with spaces, of any bytes, long
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$names = ['data', '0', '重庆', '', ' ', 'a b', "\xff\xfe", "in\0side", 'this', 'file', 'lock', '__get', '-1', '1.5', str_repeat('n', 100_000)];
foreach ($names as $i => $name) {
    $s->{$name} = $i;
}
$other = new Sync(scratch());
foreach ($names as $i => $name) {
    if ($other->{$name} !== $i || !isset($other->{$name})) {
        echo 'lost: ', bin2hex($name), "\n";
    }
}
var_dump(array_map('strval', array_keys((array) $other->getData())) === $names);
foreach ($names as $name) {
    unset($s->{$name});
}
var_dump((array) $other->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
array(0) {
}
