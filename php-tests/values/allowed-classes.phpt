--TEST--
allowedClasses decides objects of which classes come out of a file, as in unserialize
--INI--
error_reporting=E_ALL & ~E_DEPRECATED & ~E_WARNING
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Good
{
    public $inner;
}
class GoodChild extends Good
{
}
class Evil
{
    function __wakeup()
    {
        echo "Evil::__wakeup\n";
    }
}
class EvilSerializable implements Serializable
{
    function serialize()
    {
        return 'x';
    }

    function unserialize($data)
    {
        echo "EvilSerializable::unserialize\n";
    }
}
enum Choice
{
    case A;
}
spl_autoload_register(function ($class) {
    echo "autoload $class\n";
});
$good = new Good;
$good->inner = [new GoodChild, new Evil];
$values = ['objects' => $good, 'std' => new stdClass, 'old' => new EvilSerializable];
$writer = new Sync(scratch());
foreach ($values as $name => $value) {
    $writer->$name = $value;
}
$writer->enum = [Choice::A];
foreach ([[], false, ['good'], ['GOODCHILD', 'Good'], ['stdclass', 'Evil', 'EvilSerializable'], true] as $allowed) {
    echo '--- ', json_encode($allowed), "\n";
    $s = new Sync(scratch(), allowedClasses: $allowed);
    foreach ($values as $name => $value) {
        $actual = outcome(fn () => serialize($s->$name));
        ob_start();
        $expected = outcome(fn () => serialize(unserialize(serialize($value), ['allowed_classes' => $allowed])));
        ob_end_clean();
        echo $actual === $expected ? "$name: as unserialize\n" : "$name: expected $expected\n  actual $actual\n";
    }
    echo outcome(fn () => json_encode(array_column($s->enum, 'name'))), "\n";
}
// A class that is not allowed is not even loaded.
echo get_class((fn () => forged("\x92\xc7\x07\x01Unknown\x80", allowedClasses: ['Good']))()), "\n";
echo get_class((fn () => forged("\x92\xc7\x07\x01Unknown\x80"))()), "\n";
// And its object survives being stored again by a reader that may not see it.
$careful = new Sync(scratch(), allowedClasses: false);
$careful->copy = $careful->objects;
var_dump(serialize($writer->copy) === serialize($writer->objects));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
--- []
objects: as unserialize
std: as unserialize
old: as unserialize
SyncException: The enum 'Choice' is not among the allowed classes.
--- false
objects: as unserialize
std: as unserialize
old: as unserialize
SyncException: The enum 'Choice' is not among the allowed classes.
--- ["good"]
objects: as unserialize
std: as unserialize
old: as unserialize
SyncException: The enum 'Choice' is not among the allowed classes.
--- ["GOODCHILD","Good"]
objects: as unserialize
std: as unserialize
old: as unserialize
SyncException: The enum 'Choice' is not among the allowed classes.
--- ["stdclass","Evil","EvilSerializable"]
Evil::__wakeup
objects: as unserialize
std: as unserialize
EvilSerializable::unserialize
old: as unserialize
SyncException: The enum 'Choice' is not among the allowed classes.
--- true
Evil::__wakeup
objects: as unserialize
std: as unserialize
EvilSerializable::unserialize
old: as unserialize
["A"]
__PHP_Incomplete_Class
autoload Unknown
__PHP_Incomplete_Class
Evil::__wakeup
Evil::__wakeup
bool(true)
