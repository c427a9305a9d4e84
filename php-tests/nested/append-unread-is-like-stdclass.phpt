--TEST--
Appending without reading gives the same as a stdClass: numbers, keys, errors, order
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Bag implements ArrayAccess
{
    public array $items = [];
    public function offsetExists(mixed $key): bool { return isset($this->items[$key]); }
    public function offsetGet(mixed $key): mixed { return $this->items[$key]; }
    public function offsetSet(mixed $key, mixed $value): void { $key === null ? $this->items[] = $value : $this->items[$key] = $value; }
    public function offsetUnset(mixed $key): void { unset($this->items[$key]); }
}

enum Suit { case Hearts; case Spades; }

class Loud
{
    public function __serialize(): array { return ['loud']; }
    public function __unserialize(array $data): void {}
}

/** Values to start from, new ones each time. */
function starts(): array
{
    $shared = [1];
    return [
        'empty' => [], 'list' => ['a', 'b'], 'pair of enums' => [Suit::Hearts, Suit::Spades], 'objects' => [new Bag, new Bag],
        'map' => ['x' => 1], 'numbers' => [5 => 'five', 2 => 'two'], 'negative' => [-7 => 'x'], 'highest' => [PHP_INT_MAX => 'x'],
        'null' => null, 'false' => false, 'true' => true, 'int' => 7, 'object' => new Bag, 'stdClass' => new stdClass,
        'loud' => new Loud, 'enum' => Suit::Hearts, 'shared' => [&$shared, &$shared], 'nested' => [[[1]]],
    ];
}
// Each is one statement of an object that has read nothing.
$statements = [
    '[] =' => fn ($o) => $o->v[] = 'new',
    '[] = object' => fn ($o) => $o->v[] = new Bag,
    '[] = loud' => fn ($o) => $o->v[] = new Loud,
    '[] = array' => fn ($o) => $o->v[] = [1, ['x' => new Bag]],
    '[1] =' => fn ($o) => $o->v[1] = 'new',
    '[9] =' => fn ($o) => $o->v[9] = 'new',
    '[-3] =' => fn ($o) => $o->v[-3] = 'new',
    '[max] =' => fn ($o) => $o->v[PHP_INT_MAX] = 'new',
    "['x'] =" => fn ($o) => $o->v['x'] = 'new',
    "['5'] =" => fn ($o) => $o->v['5'] = 'new',
    "['05'] =" => fn ($o) => $o->v['05'] = 'new',
    "[''] =" => fn ($o) => $o->v[''] = 'new',
    '[null] =' => fn ($o) => $o->v[null] = 'new',
    '[1.7] =' => fn ($o) => $o->v[1.7] = 'new',
    '[true] =' => fn ($o) => $o->v[true] = 'new',
    '[[]] =' => fn ($o) => $o->v[[]] = 'new',
    '[] = closure' => fn ($o) => $o->v[] = fn () => 1,
];

set_error_handler(function ($code, $message) { echo "($message) "; return true; });

/** Everything that can be seen of a run: output, exceptions, the value, and the next index. */
function seen(callable $start, array $run): string
{
    ob_start();
    try {
        foreach ($run as $statement) {
            $given = $statement($start());
            echo serialize($given), ' ';
        }
    } catch (Throwable $e) {
        echo get_class($e), ': ', $e->getMessage(), ' ';
    }
    return ob_get_clean() . serialize($start()->v);
}

$differ = $runs = 0;
foreach (array_keys(starts()) as $from) {
    foreach ($statements as $one => $first) {
        foreach (['[] =', "['x'] =", '[9] ='] as $two) {
            if ($one === '[[]] =' && in_array($from, ['null', 'false'])) {
                // PHP makes an array of the value before it throws; Sync leaves the shared value as it was.
                continue 2;
            }
            if ($one === '[-3] =' && in_array($from, ['object', 'empty'])) {
                // An unserialized array continues from its highest key in every version of PHP; what was empty did not before PHP 8.3.
                continue 2;
            }
            $value = starts()[$from];
            if ($one === '[] = closure') {
                // PHP's object keeps a closure; a store cannot, and stays unchanged.
                $sync = new Sync(scratch());
                $sync->v = $value;
                ob_start();
                try { $first(new Sync(scratch())); } catch (Throwable $e) { $refused = true; }
                ob_end_clean();
                $runs++;
                if (!isset($refused) || serialize((new Sync(scratch()))->v) !== serialize($value)) {
                    echo "$from, closure: changed\n";
                }
                unset($refused);
                continue 2;
            }
            $object = new stdClass;
            $object->v = starts()[$from];
            $sync = new Sync(scratch());
            $sync->v = $value;
            $expected = seen(fn () => $object, [$first, $statements[$two]]);
            $got = seen(fn () => new Sync(scratch()), [$first, $statements[$two]]);
            $runs++;
            if ($expected !== $got) {
                $differ++;
                echo "$from, $one then $two:\n  stdClass $expected\n  Sync     $got\n";
            }
        }
    }
}
echo "$runs runs, $differ differ\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
870 runs, 0 differ
