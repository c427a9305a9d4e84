--TEST--
Forged bytes of a Serializable object are an exception, or a value like any other
--INI--
error_reporting=E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Old implements Serializable
{
    public $value;

    public function serialize()
    {
        return '';
    }

    public function unserialize($data)
    {
        $this->value = unserialize($data);
    }
}
abstract class Abstracted extends Old
{
}
class Plain
{
}
class Both extends Old
{
    public function __serialize(): array
    {
        return [];
    }

    public function __unserialize(array $data): void
    {
        echo "never called\n";
    }
}

/** The items of MessagePack. */
function ext(int $code, string $body): string
{
    return "\xc8" . pack('n', strlen($body)) . chr($code) . $body;
}
function items(string ...$items): string
{
    return "\xdc" . pack('n', count($items)) . implode($items);
}
function bin(string $bytes): string
{
    return "\xc5" . pack('n', strlen($bytes)) . $bytes;
}
function pair(string $first, string $second): string
{
    return "\x92$first$second";
}
function later(string $class = 'Old'): string
{
    return pair(ext(2, $class), "\xc0");
}
/** A whole value; references are numbers, strings without a null. */
function whole(array $references, array $strings, string $value): string
{
    return pair(ext(6, pack('N*', 2, ...$references)), items(...array_map(fn ($string) => $string === null ? "\xc0" : bin($string), $strings), ...[$value]));
}
function object(): string
{
    return pair(ext(1, ''), "\x81\xa1n\x01");
}
function show(string $what, string $bytes, mixed ...$arguments): void
{
    echo "$what: ";
    try {
        $value = forged($bytes, ...$arguments);
        echo json_encode($value), ' ', is_array($value) && isset($value[1]->value) ? (is_array($value[1]->value) && $value[1]->value[0] === $value[0] ? 'the same' : 'another') : '', "\n";
        unset($value);
    } catch (Throwable $e) {
        echo get_class($e), ': ', shown($e->getMessage()), "\n";
    }
    gc_collect_cycles();
}
show('good', whole([], ['a:1:{i:0;r:2;}'], items(object(), later())));
show('no number', whole([], ['a:1:{i:0;r:0;}'], items(object(), later())));
show('number of none', whole([], ['a:1:{i:0;r:99;}'], items(object(), later())));
show('number of an int', whole([], ['a:1:{i:0;r:3;}'], items(object(), later())));
show('reference to an int', whole([], ['a:2:{i:0;R:3;i:1;R:3;}'], items(object(), later())));
show('reference to all', whole([], ['a:2:{i:0;R:1;i:1;R:1;}'], items(object(), later())));
show('reference to an object', whole([], ['a:2:{i:0;R:2;i:1;r:2;}'], items(object(), later())));
show('reference to itself', whole([], ['a:1:{i:0;R:4;}'], items(object(), later())));
show('object of its own', whole([], ['a:1:{i:0;r:4;}'], items(object(), later())));
show('reference', whole([2], ['a:1:{i:0;R:2;}'], items(object(), later())));
show('all a reference', whole([1], ['a:2:{i:0;R:1;i:1;R:1;}'], items(object(), later())));
show('references that are none', whole([0, 77, 0xffffffff], ['a:1:{i:0;r:2;}'], items(object(), later())));
show('references of all kinds', whole([4, 3, 2, 1, 1], ['a:1:{i:0;r:2;}'], items(object(), later())));
show('nothing', pair(ext(6, ''), items(items(object(), later()))));
show('half a number', pair(ext(6, "\0\0\0\2abcde"), items(bin('N;'), items(object(), later()))));
show('no array', pair(ext(6, "\0\0\0\2"), "\x01"));
show('empty array', pair(ext(6, "\0\0\0\2"), "\x90"));
show('no value', pair(ext(6, "\0\0\0\2"), items()));
show('an int as string', pair(ext(6, "\0\0\0\2"), items("\x01", items(object(), later()))));
show('more strings than objects', whole([], ['N;', 'N;'], items(object(), later())));
show('more objects than strings', whole([], ['N;'], items(later(), later())));
show('no strings', items(object(), later()));
show('inside of the value', items("\x01", whole([], ['N;'], items(object(), later()))));
show('in itself', whole([], ['N;'], whole([], ['N;'], items(object(), later()))));
show('without a value', ext(6, "\0\0\0\1"));
show('of a plain class', whole([], ['N;'], items(object(), later('Plain'))));
show('of no class', whole([], ['N;'], items(object(), later('NotThere'))));
show('of an abstract class', whole([], ['N;'], items(object(), later('Abstracted'))));
show('of both kinds', whole([], ['a:1:{i:0;r:2;}'], items(object(), later('Both'))));
show('null', whole([], [null, 'a:2:{i:0;r:2;i:1;N;}'], items(object(), later(), later(), ext(4, "\4"), ext(5, "\4"))));
show('null and its number', whole([4], [null, 'a:2:{i:0;r:4;i:1;R:4;}'], items(object(), later(), later())));
show('a string that is none', whole([], ["\xff\0a:99999999:{"], items(object(), later())));
show('an empty string', whole([], [''], items(object(), later())));
show('an object in the string', whole([], ['a:2:{i:0;r:2;i:1;O:5:"Plain":0:{}}'], items(object(), later())), allowedClasses: ['stdClass', 'Old']);
show('a class that is not allowed', whole([], ['a:1:{i:0;r:2;}'], items(object(), later())), allowedClasses: ['stdClass']);
show('one in the other', whole([], ['a:2:{i:0;r:2;i:1;C:3:"Old":4:{r:2;}}'], items(object(), later())));
show('one in the other, not allowed', whole([], ['a:2:{i:0;r:2;i:1;C:4:"Both":4:{r:2;}}'], items(object(), later())), allowedClasses: ['stdClass', 'Old']);
show('of the old way', items(object(), pair(ext(2, 'Old'), bin('a:1:{i:0;r:2;}'))));
show('of the old way, not allowed', items(object(), pair(ext(2, 'Old'), bin('a:1:{i:0;O:5:"Plain":0:{}}'))), allowedClasses: ['stdClass', 'Old']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
good: [{"n":1},{"value":[{"n":1}]}] the same
no number: [{"n":1},{"value":false}] another
number of none: [{"n":1},{"value":false}] another
number of an int: [{"n":1},{"value":false}] another
reference to an int: [{"n":1},{"value":[null,null]}] another
reference to all: [{"n":1},{"value":[null,null]}] another
reference to an object: [{"n":1},{"value":[{"n":1},{"n":1}]}] the same
reference to itself:  another
object of its own:  another
reference: [{"n":1},{"value":[{"n":1}]}] the same
all a reference:  another
references that are none: [{"n":1},{"value":[{"n":1}]}] the same
references of all kinds: [{"n":1},{"value":[{"n":1}]}] the same
nothing: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has an ext type of the wrong length. It stays until it is set anew or removed, or the store is restored from a copy.
half a number: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has an ext type of the wrong length. It stays until it is set anew or removed, or the store is restored from a copy.
no array: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it is not made of what it should be. It stays until it is set anew or removed, or the store is restored from a copy.
empty array: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects without a value. It stays until it is set anew or removed, or the store is restored from a copy.
no value: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects without a value. It stays until it is set anew or removed, or the store is restored from a copy.
an int as string: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it is not made of what it should be. It stays until it is set anew or removed, or the store is restored from a copy.
more strings than objects: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects that are not there. It stays until it is set anew or removed, or the store is restored from a copy.
more objects than strings: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has an object without its string. It stays until it is set anew or removed, or the store is restored from a copy.
no strings: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has an object without its string. It stays until it is set anew or removed, or the store is restored from a copy.
inside of the value: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects in its middle. It stays until it is set anew or removed, or the store is restored from a copy.
in itself: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects in its middle. It stays until it is set anew or removed, or the store is restored from a copy.
without a value: SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has strings of objects in its middle. It stays until it is set anew or removed, or the store is restored from a copy.
of a plain class: [{"n":1},{}] 
of no class: [{"n":1},{"__PHP_Incomplete_Class_Name":"NotThere"}] 
of an abstract class: SyncException: Can't read property 'x' of '{dir}/forged': Cannot instantiate abstract class Abstracted. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
of both kinds: [{"n":1},{"value":[{"n":1}]}] the same
null: [{"n":1},null,{"value":[{"n":1},null]},null,null] 
null and its number: [{"n":1},null,{"value":false}] 
a string that is none: [{"n":1},{"value":false}] another
an empty string: [{"n":1},{"value":false}] another
an object in the string: [{"n":1},{"value":[{"n":1},{"__PHP_Incomplete_Class_Name":"Plain"}]}] the same
a class that is not allowed: [{"n":1},{"__PHP_Incomplete_Class_Name":"Old"}] 
one in the other: [{"n":1},{"value":[{"n":1},{"value":{"n":1}}]}] the same
one in the other, not allowed: [{"n":1},{"value":[{"n":1},{"__PHP_Incomplete_Class_Name":"Both"}]}] the same
of the old way: [{"n":1},{"value":false}] another
of the old way, not allowed: [{"n":1},{"value":[{"__PHP_Incomplete_Class_Name":"Plain"}]}] another