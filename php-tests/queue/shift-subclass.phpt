--TEST--
shift() goes through get() and set() of a class that overrides them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Encrypted extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name);
        return $value === null ? $default : unserialize(strrev($value));
    }

    public function set($name, $value)
    {
        parent::set($name, strrev(serialize($value)));
        return $value;
    }
}

$s = new Encrypted(scratch());
var_dump($s->shift('secret', 0, 'none'), $s->push('secret', 'a', ['b'], 'c'), $s->shift('secret'), $s->shift('secret'), $s->get('secret'));
var_dump(is_string((new Sync(scratch()))->secret), $s->shift('secret'), $s->shift('secret', 0.001, 'none'), $s->get('secret'));
$s->set('map', ['k' => 1, 7 => 2, 9 => 3]);
var_dump($s->shift('map'), $s->shift('map'), $s->get('map'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "none"
int(3)
string(1) "a"
array(1) {
  [0]=>
  string(1) "b"
}
array(1) {
  [0]=>
  string(1) "c"
}
bool(true)
string(1) "c"
string(4) "none"
array(0) {
}
int(1)
int(2)
array(1) {
  [0]=>
  int(3)
}
