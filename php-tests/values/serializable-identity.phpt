--TEST--
An object that is both inside a Serializable object's string and outside of it is one object when it is read back
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Old implements Serializable
{
    public $value;

    public function __construct(mixed $value = null)
    {
        $this->value = $value;
    }

    public function serialize()
    {
        return $this->value === 'null' ? null : serialize($this->value);
    }

    public function unserialize($data)
    {
        $this->value = unserialize($data);
    }
}
class Tree
{
    public array $children = [];
    public ?Tree $self = null;
    public int $typed = 1;
}
class Child implements Serializable
{
    public ?Tree $parent = null;
    public $name;
    public $me;

    public function serialize()
    {
        return serialize([$this->parent, $this->name, $this]);
    }

    public function unserialize($data)
    {
        [$this->parent, $this->name, $this->me] = unserialize($data);
    }
}
class Own
{
    public function __construct(public $value)
    {
    }

    public function __serialize(): array
    {
        return ['value' => $this->value, 'again' => new Old($this->value)];
    }

    public function __unserialize(array $data): void
    {
        $this->value = [$data['value'], $data['again']];
    }
}
class Summed extends Old
{
    // Calls serialize() for another purpose than storing.
    public function serialize()
    {
        return md5(serialize([$this->value, $this->value])) . serialize($this->value);
    }

    public function unserialize($data)
    {
        $this->value = unserialize(substr($data, 32));
    }
}

/** A value as text, in which the same object or reference has the same number. */
function describe(mixed &$value, array &$met = []): string
{
    $name = '';
    if (is_object($value)) {
        foreach ($met as $n => $other) {
            if (is_object($other['value']) && $other['value'] === $value) {
                return "#$n";
            }
        }
    }
    $met[] = ['value' => $value];
    $name = '#' . count($met) - 1;
    if (is_object($value)) {
        $parts = [];
        foreach (array_keys(get_object_vars($value)) as $key) {
            $parts[] = "$key: " . describe($value->$key, $met);
        }
        return get_class($value) . $name . ' {' . implode(', ', $parts) . '}';
    }
    if (is_array($value)) {
        $parts = [];
        foreach (array_keys($value) as $key) {
            $id = ReflectionReference::fromArrayElement($value, $key)?->getId();
            if ($id !== null) {
                foreach ($met as $n => $other) {
                    if (($other['id'] ?? null) === $id) {
                        $parts[] = "$key: &$n";
                        continue 2;
                    }
                }
                $met[] = ['value' => null, 'id' => $id];
                $parts[] = "$key: &" . count($met) - 1 . ' ' . describe($value[$key], $met);
            } else {
                $parts[] = "$key: " . describe($value[$key], $met);
            }
        }
        return '[' . implode(', ', $parts) . ']';
    }
    return json_encode($value);
}

/** Compares the value that is read back with the result of unserialize(serialize()). */
function same(string $what, mixed $value): void
{
    $sync = new Sync(scratch());
    $sync->x = $value;
    $back = (new Sync(scratch()))->x;
    $data = (new Sync(scratch()))->getData()->x;
    $engine = unserialize(serialize($value));
    $expected = describe($engine);
    foreach (['property' => $back, 'getData' => $data] as $way => $read) {
        $actual = describe($read);
        echo $actual === $expected ? '' : "$what, by $way:\n  expected $expected\n  actual   $actual\n";
    }
    $sync->x = $back;
    $again = $sync->x;
    $engine = unserialize(serialize($engine));
    $expected = describe($engine);
    echo describe($again) === $expected ? '' : "$what, once more:\n  expected $expected\n  actual   " . describe($again) . "\n";
}

$o = new stdClass;
$o->n = 1;
same('outside first', [$o, new Old($o)]);
same('inside first', [new Old($o), $o, $o]);
same('inside only', [new Old([$o, $o]), new Old($o)]);
same('one in the other', [new Old([new Old($o), $o, new Old(new Old($o))]), $o]);
same('in __serialize', [new Own($o), $o, new Old($o)]);
same('in __serialize, inside first', [new Old(new Own($o)), $o]);
same('twice', [$old = new Old($o), $old, new Old($old), $o]);
same('of itself', (function () { $old = new Old; $old->value = [$old, [$old]]; return [$old, $old]; })());
same('alone', new Old($o));
same('null', [$null = new Old('null'), $null, new Old([$o, $null]), $o, &$null]);
same('another purpose', [$o, new Summed([$o, 1]), [$o]]);
$n = 5;
same('a reference', [&$n, new Old([&$n, &$n]), &$n]);
same('a reference, met once', [1, &$n, new Old([&$n])]);
same('a reference to an object', [&$o, new Old([&$o]), 7]);
$tree = new Tree;
$typed = &$tree->typed;
same('a typed property', [$tree, new Old([&$tree->typed, $tree])]);
unset($typed);
same('many kinds of values', [[1, 2, ['a' => $o]], new Old([$o, 1.5, "\xff", [true, null]])]);
same('under a key', ['k' => ['o' => $o, 'deep' => [[new Old(['o' => $o])]]], 'many' => range(1, 3000), 'last' => new Old($o)]);

// The reference keeps the type of its property.
$sync = new Sync(scratch());
$typed = &$tree->typed;
$sync->x = [$tree, new Old([&$tree->typed])];
$back = $sync->x;
$back[1]->value[0] = 6;
var_dump($back[0]->typed);
attempt(function () use ($back) { $back[1]->value[0] = 'no int'; });

// A cycle of parent and children closes, whichever of them the value begins with.
$tree = new Tree;
$tree->self = $tree;
for ($i = 0; $i < 3; $i++) {
    $child = new Child;
    [$child->parent, $child->name] = [$tree, "child $i"];
    $tree->children[] = $child;
}
$sync->tree = $tree;
$read = (new Sync(scratch()))->tree;
var_dump($read->self === $read);
foreach ($read->children as $child) {
    echo $child->name, $child->parent === $read ? '' : ': another parent', $child->me === $child ? '' : ': another me', "\n";
}
// In many strings, which are longer than a block of the engine's memory.
$objects = array_map(fn ($n) => (object) ['n' => $n], range(1, 2500));
$sync->x = [$objects, new Old([$objects, array_reverse($objects)]), array_map(fn ($o) => new Old([$o, $objects[0]]), $objects)];
$read = (new Sync(scratch()))->x;
var_dump($read[0] === $read[1]->value[0], array_reverse($read[0]) === $read[1]->value[1], $read[0][2499]->n);
var_dump($read[0] === array_map(fn ($old) => $old->value[0], $read[2]), $read[2][2499]->value[1] === $read[0][0]);

// In values that are put into an array in the store: each keeps its own identities.
$sync->list = [1];
$sync->list[] = [$o, new Old($o)];
$sync->list['k'] = [new Old($o), $o];
$sync->list['k'][2] = [$o, new Old($o)];
$other = new Sync(scratch());
$other->list[] = new Old([$o, $o]);
$other->list[] = 'last';
foreach ([$sync, $other, new Sync(scratch())] as $reader) {
    $list = $reader->list;
    echo describe($list), "\n";
}
unset($sync->list['k'][1], $sync->list[0]);
$sync->list[1][1]->value->n = 2;
$sync->list[1][0]->more = 3;
$list = (new Sync(scratch()))->list;
echo describe($list), "\n";
// An array with such objects is appended to like any other, also by an object that has not read it.
foreach ([[new Old($o)], [$o, new Old($o)], [new Old($o), $o, 3], [[new Old([&$n]), &$n]], range(0, 20) + [21 => new Old($o)], ['k' => new Old($o)], [5 => new Old($o), 2 => $o], new Old($o)] as $head) {
    $outcomes = [];
    $sync->head = $head;
    $plain = (object) ['head' => unserialize(serialize($head))];
    foreach ([[fn () => new Sync(scratch()), fn () => (new Sync(scratch()))->head], [fn () => $plain, fn () => $plain->head]] as [$open, $read]) {
        $outcome = '';
        foreach (['cold', new Old([$o, $o])] as $more) {
            try {
                $open()->head[] = $more;
            } catch (Error $e) {
                $outcome .= $e->getMessage();
            }
        }
        $value = $read();
        $outcomes[] = $outcome . describe($value);
    }
    echo $outcomes[0] === $outcomes[1] ? '' : implode("\n", $outcomes), count((array) $value), "\n";
}
// And where all properties are written or read at once.
$sync->setData((object) ['a' => [$o, new Old($o)], 'b' => $o]);
foreach (new Sync(scratch()) as $name => $value) {
    echo "$name: ", describe($value), "\n";
}
$clone = clone $sync;
$data = $clone->getData();
echo describe($data), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(6)
TypeError: Cannot assign string to reference held by property Tree::$typed of type int
bool(true)
child 0
child 1
child 2
bool(true)
bool(true)
int(2500)
bool(true)
bool(true)
[0: 1, 1: [0: stdClass#3 {n: 1}, 1: Old#5 {value: #3}], k: [0: Old#7 {value: stdClass#8 {n: 1}}, 1: #8, 2: [0: stdClass#11 {n: 1}, 1: Old#13 {value: #11}]], 2: Old#14 {value: [0: stdClass#16 {n: 1}, 1: #16]}, 3: "last"]
[0: 1, 1: [0: stdClass#3 {n: 1}, 1: Old#5 {value: #3}], k: [0: Old#7 {value: stdClass#8 {n: 1}}, 1: #8, 2: [0: stdClass#11 {n: 1}, 1: Old#13 {value: #11}]], 2: Old#14 {value: [0: stdClass#16 {n: 1}, 1: #16]}, 3: "last"]
[0: 1, 1: [0: stdClass#3 {n: 1}, 1: Old#5 {value: #3}], k: [0: Old#7 {value: stdClass#8 {n: 1}}, 1: #8, 2: [0: stdClass#11 {n: 1}, 1: Old#13 {value: #11}]], 2: Old#14 {value: [0: stdClass#16 {n: 1}, 1: #16]}, 3: "last"]
[1: [0: stdClass#2 {n: 2, more: 3}, 1: Old#5 {value: #2}], k: [0: Old#7 {value: stdClass#8 {n: 1}}, 2: [0: stdClass#11 {n: 1}, 1: Old#13 {value: #11}]], 2: Old#14 {value: [0: stdClass#16 {n: 1}, 1: #16]}, 3: "last"]
3
4
5
3
24
3
4
1
a: [0: stdClass#1 {n: 1}, 1: Old#3 {value: #1}]
b: stdClass#0 {n: 1}
stdClass#0 {a: [0: stdClass#2 {n: 1}, 1: Old#4 {value: #2}], b: stdClass#5 {n: 1}}