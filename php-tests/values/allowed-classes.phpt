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
    echo outcome(fn () => serialize($s->enum)), "\n";
}
// A class that is not allowed is not even loaded.
echo get_class((fn () => forged("\x92\xc7\x07\x01Unknown\x80", allowedClasses: ['Good']))()), "\n";
echo get_class((fn () => forged("\x92\xc7\x07\x01Unknown\x80"))()), "\n";
// And its object survives being stored again by a reader that may not see it.
$careful = new Sync(scratch(), allowedClasses: false);
$careful->copy = $careful->objects;
var_dump(serialize($writer->copy) === serialize($writer->objects));
// So does a case of an enum, wherever it stands, and how often: as a whole value, appended, beside others, in an object.
$good->inner = [Choice::A, 'again' => Choice::A];
[$writer->case, $writer->cases, $writer->list] = [Choice::A, $good, []];
echo serialize($careful->case), ' ', serialize($careful->cases), "\n";
[$careful->case, $careful->cases] = [$careful->case, $careful->cases];
$careful->list[] = $careful->case;
$careful->list[] = [$careful->case];
var_dump($writer->case === Choice::A, $writer->cases == $good, $writer->cases->inner === $good->inner, $writer->list === [Choice::A, [Choice::A]]);
var_dump($careful->describe('case')['type'], $careful->compareAndSet('case', $careful->case, 'other'));
// Whether or not there is such an enum, as long as there could be.
echo serialize((fn () => forged("\xc7\x06\x03No:Yes", allowedClasses: false))()), "\n";
foreach (["\xd6\x03No::", "\xd6\x03No:\0", "\xd6\x03a b:", "\xc7\x06\x03No::So", "\xd6\x03None"] as $case) {
    echo outcome(fn () => serialize((fn () => forged($case, allowedClasses: false))())), "\n";
}
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
a:1:{i:0;O:9:"Choice::A":0:{}}
--- false
objects: as unserialize
std: as unserialize
old: as unserialize
a:1:{i:0;O:9:"Choice::A":0:{}}
--- ["good"]
objects: as unserialize
std: as unserialize
old: as unserialize
a:1:{i:0;O:9:"Choice::A":0:{}}
--- ["GOODCHILD","Good"]
objects: as unserialize
std: as unserialize
old: as unserialize
a:1:{i:0;O:9:"Choice::A":0:{}}
--- ["stdclass","Evil","EvilSerializable"]
Evil::__wakeup
objects: as unserialize
std: as unserialize
EvilSerializable::unserialize
old: as unserialize
a:1:{i:0;O:9:"Choice::A":0:{}}
--- true
Evil::__wakeup
objects: as unserialize
std: as unserialize
EvilSerializable::unserialize
old: as unserialize
a:1:{i:0;E:8:"Choice:A";}
__PHP_Incomplete_Class
autoload Unknown
__PHP_Incomplete_Class
Evil::__wakeup
Evil::__wakeup
bool(true)
O:9:"Choice::A":0:{} O:4:"Good":1:{s:5:"inner";a:2:{i:0;O:9:"Choice::A":0:{}s:5:"again";r:3;}}
bool(true)
bool(true)
bool(true)
bool(true)
string(9) "Choice::A"
bool(true)
O:7:"No::Yes":0:{}
SyncException: A stored value is damaged: it has an enum case whose name cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: A stored value is damaged: it has an enum case whose name cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: A stored value is damaged: it has an enum case whose name cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: A stored value is damaged: it has an enum case whose name cannot be one. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: A stored value is damaged: it has an enum case without a name. It stays until it is set anew or removed, or the store is restored from a copy.
