--TEST--
An array, or an object that is no string either, is no offset: a TypeError, as arrays and ArrayObject have it, and nothing is stored
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Overriding extends Sync
{
    public function get($name, $default = null)
    {
        echo "get was called\n";
        return parent::get($name, $default);
    }

    public function set($name, $value)
    {
        echo "set was called\n";
        return parent::set($name, $value);
    }

    public function has($name)
    {
        echo "has was called\n";
        return parent::has($name);
    }

    public function remove($name)
    {
        echo "remove was called\n";
        return parent::remove($name);
    }
}
class Offsets extends Sync
{
    public function offsetSet($offset, $value): void
    {
        parent::offsetSet($offset, $value);
    }
}

$statements = [
    '$c[$k]', '$c[$k] = 1', 'isset($c[$k])', 'empty($c[$k])', 'unset($c[$k])', '$c[$k] ?? 1', '$c[$k] ??= 1', '$c[$k] += 1', '$c[$k] .= "x"', '$c[$k]++', '--$c[$k]',
    '$c[$k]["x"]', '$c[$k]["x"] = 1', '$c[$k][] = 1', 'isset($c[$k]["x"])', 'unset($c[$k]["x"])', '$c[$k]["x"] += 1', '$c[$k]["x"]++', '$c[$k]->p = 1', '$c[$k]["x"] ?? 1',
    '[$c[$k], $x] = [1, 2]', '$c->offsetGet($k)', '$c->offsetSet($k, 1)', '$c->offsetExists($k)', '$c->offsetUnset($k)',
];
$illegal = ['an array' => [1], 'an empty array' => [], 'an object' => new stdClass, 'a closure' => fn () => 'x', 'a Sync' => new Sync(scratch('offset'))];

/** The exception that the statement throws, as text; for a subclass its cause. */
function outcome(ArrayAccess $c, string $statement, mixed $k): string
{
    set_error_handler(fn (int $kind, string $message) => print("$statement warns: $message\n"));
    try {
        eval("$statement;");
        return 'nothing was thrown';
    } catch (Throwable $e) {
        // (After an exception in a method, an operator throws a second one: that there is no array.)
        $e = is_subclass_of($c, Sync::class) ? $e->getPrevious() ?? $e : $e;
        return get_class($e) . ': ' . $e->getMessage();
    } finally {
        restore_error_handler();
    }
}

foreach ($statements as $statement) {
    foreach ($illegal as $what => $k) {
        $expected = outcome(new ArrayObject, $statement, $k);
        str_starts_with($expected, 'TypeError: ') || print("$statement, $what: an ArrayObject says $expected\n");
        $holder = new Sync(scratch('holder'));
        $holder->handle = new Sync(scratch('handle'));
        foreach ([new Sync(scratch()), new Overriding(scratch()), new Offsets(scratch())] as $s) {
            $seen = outcome($s, $statement, $k);
            // PHP reads a subclass's offsets by method, in other steps.
            $same = $s::class === Sync::class ? str_replace('ArrayObject', 'Sync', $expected) === $seen : str_starts_with($seen, 'TypeError: ');
            $same || print($s::class . ", $statement, $what: $seen\n");
            scratch_exists() && count($s) && print($s::class . ", $statement, $what: " . json_encode($s) . "\n");
        }
        if (str_contains($statement, '] = 1')) {
            // Behind a handle in a value.
            $seen = outcome($holder, str_replace('$c[', '$c->handle[', $statement), $k);
            $seen === str_replace('ArrayObject', 'Sync', $expected) || print("$statement, $what, behind a handle: $seen\n");
            count($holder->handle) && print("$statement, $what, behind a handle: " . json_encode($holder->handle) . "\n");
        }
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
