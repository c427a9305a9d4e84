--TEST--
Enum cases come back as the one object that they are; cases and enums that are gone are exceptions
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

enum Suit: string
{
    case Hearts = 'H';
    case Spades = self::LAST;
    const LAST = 'S';
    const Alias = self::Hearts;
}
enum Pure
{
    case One;
}
class NoEnum
{
    const One = 1;
}
$s = new Sync(scratch());
$s->x = Suit::Spades;
var_dump($s->x === Suit::Spades, (new Sync(scratch()))->x === Suit::Spades);
$s->x = ['a' => Suit::Hearts, 'b' => Suit::Hearts, 'c' => Pure::One, 'd' => [Pure::One]];
var_dump($s->x === ['a' => Suit::Hearts, 'b' => Suit::Hearts, 'c' => Pure::One, 'd' => [Pure::One]]);
comes_back('enums', [Suit::Hearts, Suit::Hearts, (object) ['e' => Pure::One]]);
$case = fn (string $name) => "\xc7" . chr(strlen($name)) . "\x03$name";
foreach (['Suit:Hearts', 'suit:Hearts', 'Suit:Gone', 'Suit:Alias', 'Suit:LAST', 'Gone:One', 'NoEnum:One', 'Suit', 'Suit:', ':Hearts', '\\Suit:Hearts'] as $name) {
    attempt(fn () => print(forged($case($name))->name . ', '));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
Hearts, nothing was thrown
Hearts, nothing was thrown
SyncException: Can't read property 'x' of '{dir}/forged': Suit::Gone is not an enum case. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Suit::Alias is not an enum case. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Suit::LAST is not an enum case. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Class 'Gone' not found. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Class 'NoEnum' is not an enum. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has an enum case without a name. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': Suit:: is not an enum case. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Class '' not found. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'x' of '{dir}/forged': Class '\Suit' not found. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
