--TEST--
Ten thousand properties are all there, in the order of their first write
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$data = new stdClass;
for ($i = 0; $i < 10_000; $i++) {
    $data->{"key$i"} = $i;
}
$s->setData($data);
for ($i = 0; $i < 100; $i++) {
    $s->{'key' . $i * 100} = -$i;
}
for ($i = 1; $i < 100; $i++) {
    if ($s->{'key' . $i * 100} !== -$i || $s->{'key' . $i * 100 - 1} !== $i * 100 - 1) {
        echo "wrong: $i\n";
    }
}
var_dump(array_keys((array) $s->getData()) === array_keys((array) $data));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
