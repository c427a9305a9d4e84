--TEST--
Values that serialize refuses are refused with its exceptions, before anything is written
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

#[AllowDynamicProperties]
class Bag
{
}
$refused = [
    fn () => 1,
    (fn () => yield)(),
    new class {
    },
    new ReflectionClass('Bag'),
    new SplFileInfo(__FILE__),
    new SplTempFileObject,
    WeakReference::create($refused ?? new Bag),
    new WeakMap,
    class_exists('SimpleXMLElement') ? new SimpleXMLElement('<a/>') : fn () => 1,
    class_exists('PDO') && in_array('sqlite', PDO::getAvailableDrivers()) ? new PDO('sqlite::memory:') : fn () => 1,
    (new Fiber(fn () => 1)),
];
$s = new Sync(scratch());
foreach ($refused as $value) {
    foreach ([$value, [1, $value], (object) ['a' => [$value]]] as $nested) {
        $expected = outcome(fn () => serialize($nested));
        $actual = outcome(function () use ($s, $nested) {
            $s->x = $nested;
            return 'stored';
        });
        if (str_replace(' ', '', $actual) !== str_replace(' ', '', $expected)) {
            echo "expected $expected\nactual   $actual\n";
        }
    }
}
echo outcome(fn () => $s->x = fn () => 1), "\n";
var_dump(scratch_exists());
// Refused in reading as well, whichever program wrote them.
foreach (['Closure', 'Generator', 'ReflectionClass', 'WeakMap', 'SplFileInfo', 'Fiber'] as $class) {
    $expected = outcome(fn () => unserialize('O:' . strlen($class) . ":\"$class\":0:{}"));
    $actual = outcome(fn () => forged("\x92\xc7" . chr(strlen($class)) . "\x01$class\x80"));
    echo $actual === $expected ? "$actual\n" : "expected $expected\nactual   $actual\n";
}
// Names of classes that can have no object at all.
interface Face
{
}
abstract class Half
{
}
trait Piece
{
}
enum Choice
{
    case A;
}
foreach (['Face', 'Half', 'Piece', 'Choice'] as $class) {
    echo outcome(fn () => forged("\x92\xc7" . chr(strlen($class)) . "\x01$class\x80")), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Exception: Serialization of 'Closure' is not allowed
bool(false)
Exception: Unserialization of 'Closure' is not allowed
Exception: Unserialization of 'Generator' is not allowed
Exception: Unserialization of 'ReflectionClass' is not allowed
Exception: Unserialization of 'WeakMap' is not allowed
Exception: Unserialization of 'SplFileInfo' is not allowed
Exception: Unserialization of 'Fiber' is not allowed
Error: Cannot instantiate interface Face
Error: Cannot instantiate abstract class Half
Error: Cannot instantiate trait Piece
Error: Cannot instantiate enum Choice
