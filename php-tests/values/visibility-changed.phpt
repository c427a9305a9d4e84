--TEST--
A property whose visibility or class has changed since finds its place, as with unserialize
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

// Bytes of an older version of the class, with names mangled by its visibilities.
$old = function (string $class, array $properties): string {
    $bytes = "\x92\xc7" . chr(strlen($class)) . "\x01" . $class . chr(0x80 | count($properties));
    foreach ($properties as $name => $value) {
        $bytes .= chr(0xa0 | strlen($name)) . $name . chr($value);
    }
    return $bytes;
};
class Now
{
    public $a = 'default';
    protected $b = 'default';
    private $c = 'default';
}
class Later extends Now
{
}
$names = [['a', "\0*\0b", "\0Now\0c"], ["\0Now\0a", 'b', "\0*\0c"], ["\0*\0a", "\0Now\0b", 'c'], ["\0now\0a", "\0NOW\0b", 'c'], ["\0Other\0a", 'd', "\0*\0e"]];
foreach (['Now', 'Later'] as $class) {
    foreach ($names as $three) {
        $properties = array_combine($three, [1, 2, 3]);
        $serialized = 'O:' . strlen($class) . ":\"$class\":3:{";
        foreach ($properties as $name => $value) {
            $serialized .= serialize($name) . serialize($value);
        }
        $expected = @serialize(unserialize($serialized . '}'));
        $actual = @serialize(forged($old($class, $properties)));
        echo $actual === $expected ? "as unserialize\n" : "expected $expected\nactual   $actual\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
as unserialize
