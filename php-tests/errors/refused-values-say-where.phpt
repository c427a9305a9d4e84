--TEST--
A value that cannot be stored or read is a SyncException that names property and file, and has the engine's exception as its previous one
--FILE--
<?php
require __DIR__ . '/../values/round-trip.inc';

class BadHook
{
    function __serialize()
    {
        return 5;
    }
}
class Strict
{
    public int $n = 0;
}
enum Suit: string
{
    case Hearts = 'h';
}
class Thrower
{
    function __serialize(): array
    {
        throw new DomainException('its own', 7);
    }
}
function told(string $what, Closure $body): void
{
    try {
        $body();
        echo "$what: nothing was thrown\n";
    } catch (Exception $e) {
        $previous = $e->getPrevious();
        echo "$what: ", get_class($e), ': ', shown($e->getMessage()), "\n";
        echo $previous ? '    because of ' . get_class($previous) . ': ' . $previous->getMessage() . "\n" : '';
    }
}
$s = new Sync(scratch());
$s->list = [1];
$s->map = ['a' => ['b' => 1]];
$closure = fn () => 1;
told('a property', fn () => $s->x = $closure);
told('a generator', fn () => $s->set('x', (fn () => yield)()));
told('nested', fn () => $s->x = ['deep' => [new ArrayObject([$closure])]]);
told('an anonymous class', fn () => $s['x'] = new class {});
told('an element', fn () => $s->list[] = $closure);
told('a key', fn () => $s->map['k'] = $closure);
told('deeper', fn () => $s->map['a']['b'] = $closure);
told('of an unread list', function () use ($closure) {
    $t = new Sync(scratch());
    $t->list[] = $closure;
});
told('appended', fn () => $s[] = $closure);
told('in between', fn () => $s->{'odd name'} = $closure);
told('all of it', fn () => $s->setData((object) ['one' => 1, 'two' => $closure]));
told('an int', fn () => $s->setData((object) [5 => $closure]));
told('by a method', fn () => $s->x = new BadHook);
// An exception that a program throws passes through unchanged.
told('its own', fn () => $s->x = new Thrower);
told('its own, deeper', fn () => $s->list[] = [new Thrower]);
var_dump((array) $s == ['list' => [1], 'map' => ['a' => ['b' => 1]]]);
// Reading: a class that has changed since.
told('a changed class', fn () => forged("\x92\xc7\x06\x01Strict\x81\xa1n\xa4text"));
told('an enum', fn () => forged("\x92\xc7\x04\x01Suit\x80"));
told('an interface', fn () => forged("\x92\xc7\x09\x01Countable\x80"));
told('a closure', fn () => forged("\x92\xc7\x07\x01Closure\x80"));
told('damaged', fn () => forged("\xc7\x01\x63\x01"));
told('by getData', function () {
    $s = new Sync(scratch('changed'));
    $s->strict = new Strict;
    $stored = "\x92\xc7\x06\x01Strict\x81\xa1n";
    scratch_exchange('changed', 'strict', "$stored\x00", "$stored\xc3");
    foreach ([fn () => $s->getData(), fn () => iterator_to_array($s), fn () => (array) $s, fn () => $s->strict->n = 1] as $all) {
        told('one way', $all);
    }
    throw new Exception('the end');
});
// A program that catches the exceptions of earlier versions catches these, too.
foreach ([Exception::class, RuntimeException::class, SyncException::class, Throwable::class] as $class) {
    try {
        $s->x = $closure;
    } catch (Throwable $e) {
        var_dump($e instanceof $class);
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
a property: SyncException: Can't store property 'x' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
a generator: SyncException: Can't store property 'x' in '{dir}/store': Serialization of 'Generator' is not allowed
    because of Exception: Serialization of 'Generator' is not allowed
nested: SyncException: Can't store property 'x' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
an anonymous class: SyncException: Can't store property 'x' in '{dir}/store': Serialization of 'class@anonymous' is not allowed
    because of Exception: Serialization of 'class@anonymous' is not allowed
an element: SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
a key: SyncException: Can't store property 'map' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
deeper: SyncException: Can't store property 'map' in '{dir}/store': Serialization of 'Closure' is not allowed: ['a']['b'] is a Closure
    because of Exception: Serialization of 'Closure' is not allowed
of an unread list: SyncException: Can't store property 'list' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
appended: SyncException: Can't store a new property in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
in between: SyncException: Can't store property 'odd name' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
all of it: SyncException: Can't store property 'two' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
an int: SyncException: Can't store property '5' in '{dir}/store': Serialization of 'Closure' is not allowed
    because of Exception: Serialization of 'Closure' is not allowed
by a method: SyncException: Can't store property 'x' in '{dir}/store': BadHook::__serialize() must return an array
    because of TypeError: BadHook::__serialize() must return an array
its own: DomainException: its own
its own, deeper: DomainException: its own
bool(true)
a changed class: SyncException: Can't read property 'x' of '{dir}/forged': Cannot assign string to property Strict::$n of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of TypeError: Cannot assign string to property Strict::$n of type int
an enum: SyncException: Can't read property 'x' of '{dir}/forged': Cannot instantiate enum Suit. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of Error: Cannot instantiate enum Suit
an interface: SyncException: Can't read property 'x' of '{dir}/forged': Cannot instantiate interface Countable. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of Error: Cannot instantiate interface Countable
a closure: SyncException: Can't read property 'x' of '{dir}/forged': Unserialization of 'Closure' is not allowed. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of Exception: Unserialization of 'Closure' is not allowed
damaged: SyncException: Can't read property 'x' of '{dir}/forged': A stored value has the MessagePack ext type 99, which Sync does not know. It stays until it is set anew or removed, or the store is restored from a copy.
one way: SyncException: Can't read property 'strict' of '{dir}/changed': Cannot assign %s to property Strict::$n of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of TypeError: Cannot assign %s to property Strict::$n of type int
one way: SyncException: Can't read property 'strict' of '{dir}/changed': Cannot assign %s to property Strict::$n of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of TypeError: Cannot assign %s to property Strict::$n of type int
one way: SyncException: Can't read property 'strict' of '{dir}/changed': Cannot assign %s to property Strict::$n of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of TypeError: Cannot assign %s to property Strict::$n of type int
one way: SyncException: Can't read property 'strict' of '{dir}/changed': Cannot assign %s to property Strict::$n of type int. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
    because of TypeError: Cannot assign %s to property Strict::$n of type int
by getData: Exception: the end
bool(true)
bool(true)
bool(true)
bool(true)
