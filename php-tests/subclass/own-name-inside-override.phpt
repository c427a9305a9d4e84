--TEST--
Inside of an override, $this->$name is the shared property
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Magic extends Sync
{
    public function __get($name)
    {
        return $this->$name;
    }

    public function __set($name, $value)
    {
        $this->$name = "set: $value";
    }

    public function __isset($name)
    {
        return isset($this->$name);
    }

    public function __unset($name)
    {
        unset($this->$name);
    }
}
class Named extends Sync
{
    public function get($name, $default = null)
    {
        return $this->$name ?? $default;
    }

    public function set($name, $value)
    {
        return $this->$name = "set: $value";
    }
}
$s = new Magic(scratch());
$s->x = 1;
var_dump($s->x, isset($s->x), isset($s->y), empty($s->x), $s->x ?? 'none', $s->y ?? 'none', property_exists($s, 'x'));
var_dump((new Sync(scratch()))->x);
$s->x .= '!';
var_dump($s->x);
unset($s->x);
var_dump($s->x, get_object_vars($s), (new Sync(scratch()))->x);
$s = new Named(scratch());
$s->x = 1;
var_dump($s->x, $s->get('x'), $s->get('y', 'none'), $s['x'], (new Sync(scratch()))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(6) "set: 1"
bool(true)
bool(false)
bool(false)
string(6) "set: 1"
string(4) "none"
bool(true)
string(6) "set: 1"
string(12) "set: set: 1!"
NULL
array(0) {
}
NULL
string(6) "set: 1"
string(6) "set: 1"
string(4) "none"
string(6) "set: 1"
string(6) "set: 1"
