--TEST--
Properties of every visibility come back: inherited, shadowed, typed, readonly, uninitialised, dynamic
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Base
{
    public $public = 'base';
    protected $protected = ['base'];
    private $private = 'of Base';
    private $shadowed = 'of Base';
    public int $typed;
    public ?Base $nullable = null;
}
class Child extends Base
{
    private $shadowed = 'of Child';
    public static $static = 'not stored';
    public int|string $union = 5;
    public readonly string $readonly;
    protected readonly array $never;

    function __construct()
    {
        $this->readonly = 'once';
    }
}
#[AllowDynamicProperties]
final class Open
{
    public $declared = 1;
}

$object = new Child;
comes_back('defaults', $object);
$object->typed = 7;
$object->nullable = new Base;
comes_back('typed', $object);
unset($object->public, $object->union);
comes_back('unset', $object);
$open = new Open;
$open->dynamic = 1;
$open->{'0'} = 'a numeric name';
$open->{'with space'} = new Open;
comes_back('dynamic', $open);
unset($open->declared);
comes_back('dynamic without the declared', $open);
comes_back('stdClass', (object) ['a' => 1, '5' => 2, '' => 3]);
comes_back('empty stdClass', new stdClass);

$s = new Sync(scratch());
$s->x = $object;
$read = $s->x;
try {
    $read->readonly = 'twice';
} catch (Error $e) {
    echo $e->getMessage(), "\n";
}
try {
    $read->typed = 'no int';
} catch (TypeError $e) {
    echo $e->getMessage(), "\n";
}
var_dump($s->x == $s->x, $s->x === $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Cannot modify readonly property Child::$readonly
Cannot assign string to property Base::$typed of type int
bool(true)
bool(false)
