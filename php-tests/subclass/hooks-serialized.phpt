--TEST--
unserialize and clone restore the values behind the hooks of a subclass, without calling them
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Hooked extends Sync
{
    public int $doubled = 1 { get => $this->doubled * 2; set { echo "set $value\n"; $this->doubled = $value + 1; } }
    public private(set) array $list = [];
    public readonly string $once;

    public function fill()
    {
        $this->doubled = 4;
        $this->list[] = 'x';
        $this->once = 'kept';
        return $this;
    }
}
$s = (new Hooked(scratch()))->fill();
$s->shared = 1;
$copy = unserialize(serialize($s));
$clone = clone $s;
foreach ([$s, $copy, $clone] as $o) {
    var_dump($o->doubled, $o->list, $o->once, $o->shared, $o == $s);
}
$clone->doubled = 9;
var_dump($clone == $s, $s->doubled);

// A value of the wrong type is a TypeError.
try {
    unserialize(str_replace('s:7:"doubled";i:5;', 's:7:"doubled";s:1:"a";', serialize($s)));
} catch (TypeError $e) {
    echo $e->getMessage(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
set 4
int(10)
array(1) {
  [0]=>
  string(1) "x"
}
string(4) "kept"
int(1)
bool(true)
int(10)
array(1) {
  [0]=>
  string(1) "x"
}
string(4) "kept"
int(1)
bool(true)
int(10)
array(1) {
  [0]=>
  string(1) "x"
}
string(4) "kept"
int(1)
bool(true)
set 9
bool(false)
int(10)
Cannot assign string to property Hooked::$doubled of type int
