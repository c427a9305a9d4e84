--TEST--
setData() takes the public properties of an object of a subclass of stdClass, as foreach shows them outside
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

#[AllowDynamicProperties]
class Base extends stdClass
{
    public $public = 1;
    public int $unset;
    protected $protected = 2;
    private $private = 3;

    function give(Sync $s): void
    {
        $s->setData($this);
    }
}
class Derived extends Base
{
    public $more = [1];
    private $private = 'its own';
}
$s = new Sync(scratch());
$shown = function (object $o): array {
    $shown = [];
    foreach ($o as $name => $value) {
        $shown[$name] = $value;
    }
    return $shown;
};
foreach ([new Base, new Derived] as $o) {
    $o->dynamic = 'd';
    $o->{7} = 'seven';
    $o->reference = &$o->dynamic;
    $s->before = 1;
    $s->setData($o);
    var_dump((array) $s === $shown($o), implode(' ', array_keys((array) $s)));
    // The caller makes no difference.
    $s->setData(new stdClass);
    $o->give($s);
    var_dump((array) $s === $shown($o));
}
// A value under an undeclared name that no property may have is not lost.
$odd = (object) ["\0odd" => 1];
attempt(fn () => $s->setData($odd));
var_dump(count($s) === count($shown($o)));
// A refused object is refused as a whole.
$o->dynamic = fn () => 1;
attempt(fn () => $s->setData($o));
var_dump($s->dynamic);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
string(26) "public dynamic 7 reference"
bool(true)
bool(true)
string(31) "public more dynamic 7 reference"
bool(true)
Error: Cannot access property starting with "\0"
bool(true)
SyncException: Can't store property 'dynamic' in '{dir}/store': Serialization of 'Closure' is not allowed
string(1) "d"
