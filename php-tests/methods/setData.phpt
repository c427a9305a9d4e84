--TEST--
setData() replaces everything and returns the object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->old = 1;
$s->both = 1;
$data = (object) ['both' => 2, 'new' => [3], '重庆' => null, 7 => 'seven'];
var_dump($s->setData($data) === $s);
var_dump($s->getData() == $data, array_keys((array) $s->getData()) === array_keys((array) $data), isset($s->old), $s->{7});
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(false)
string(5) "seven"
