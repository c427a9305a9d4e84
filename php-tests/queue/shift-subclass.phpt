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
// An element that uses the queue while it is made.
class Element
{
    public static ?Closure $uses = null;

    public function __construct(public int $number) {}

    public function __serialize(): array
    {
        return [$this->number];
    }

    public function __unserialize(array $data): void
    {
        [$this->number] = $data;
        [$uses, self::$uses] = [self::$uses, null];
        $uses && $uses();
    }
}
class Plain extends Sync
{
    public function get($name, $default = null) { return parent::get($name, $default); }
}
foreach (['Sync', 'Plain'] as $class) {
    $s = new $class(scratch('uses'));
    $s->q = [new Element(1), 2, 3];
    Element::$uses = fn () => $s->push('q', 4);
    echo "$class: ", $s->shift('q')->number, ' ', json_encode($s->q), "\n";
    $s->q = [new Element(1), 2, 3];
    Element::$uses = function () use ($s, &$inner) { $inner = $s->shift('q'); };
    $outer = $s->shift('q');
    echo json_encode([$outer, $inner, $s->q]), "\n";
}
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
Sync: 1 [2,3,4]
[{"number":1},2,[3]]
Plain: 1 [2,3,4]
[2,{"number":1},[3]]
