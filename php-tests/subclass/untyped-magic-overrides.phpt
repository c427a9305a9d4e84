--TEST--
Untyped overrides of the magic and ArrayAccess methods are legal
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Old extends Sync
{
    public function __get($name) { return 'got ' . $name; }
    public function __set($name, $value) { parent::set($name, "set $value"); }
    public function __isset($name) { return true; }
    public function __unset($name) { parent::remove("other $name"); }
    #[ReturnTypeWillChange]
    public function offsetGet($name) { return 'offset ' . $name; }
    #[ReturnTypeWillChange]
    public function offsetSet($name, $value) { parent::set($name, "offset $value"); }
    #[ReturnTypeWillChange]
    public function offsetExists($name) { return true; }
    #[ReturnTypeWillChange]
    public function offsetUnset($name) { parent::remove("other $name"); }
}
$s = new Old(scratch());
$s->x = 1;
$s['y'] = 2;
var_dump($s->x, $s['y'], isset($s->nothing), isset($s['nothing']));
unset($s->x, $s['y']);
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(5) "got x"
string(8) "offset y"
bool(true)
bool(true)
array(2) {
  ["x"]=>
  string(5) "set 1"
  ["y"]=>
  string(8) "offset 2"
}
