--TEST--
Code that runs in the middle of a statement may write to the same property: both take effect, as in a stdClass, and where the statement makes arrays that are missing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

final class Says
{
    public static ?Closure $do = null;

    public function __toString(): string
    {
        (self::$do)();
        return 'T';
    }
}

/** Gives references to what it keeps. */
final class ByReference implements ArrayAccess
{
    public array $kept = ['list' => [1, 2], 'text' => 'abc'];

    public function &__get(string $name): mixed
    {
        return $this->kept[$name];
    }

    public function offsetExists(mixed $offset): bool
    {
        return isset($this->kept[$offset]);
    }

    public function &offsetGet(mixed $offset): mixed
    {
        return $this->kept[$offset];
    }

    public function offsetSet(mixed $offset, mixed $value): void
    {
        (Says::$do)();
        $this->kept[$offset] = $value;
    }

    public function offsetUnset(mixed $offset): void
    {
        (Says::$do)();
        unset($this->kept[$offset]);
    }

    public function __set(string $name, mixed $value): void
    {
        (Says::$do)();
        $this->kept[$name] = $value;
    }
}

function sorted(mixed $value): mixed
{
    $value = json_decode(json_encode($value), true);
    $sort = function (mixed &$value) use (&$sort): void {
        if (is_array($value)) {
            ksort($value);
            array_walk($value, $sort);
        }
    };
    $sort($value);
    return $value;
}

/** Runs a statement, with code in the middle of it, on a stdClass or a Sync, then more code, and tells what is there. */
function run(object $o, string $statement, string $write, string $then = ''): string
{
    $object = new stdClass();
    $object->text = 'abc';
    $object->list = [];
    $o->object = clone $object;
    $o->text = 'abc';
    $o->a = [
        'map' => ['there' => 1, 'text' => 'abc', 'false' => false, 'null' => null], 'object' => $object, 'text' => 'abc',
        'reference' => new ByReference(), 'collection' => new ArrayObject(['text' => 'abc', 'list' => []]),
    ];
    Says::$do = eval("return function () use (\$o): bool { $write; return true; };");
    set_error_handler(fn () => (Says::$do)() ?? true);
    try {
        eval("$statement;");
        $end = '';
    } catch (Throwable $e) {
        $end = get_class($e) . ': ' . $e->getMessage() . ' ';
    }
    Says::$do = fn () => true;
    eval("$then;");
    restore_error_handler();
    return $end . json_encode(sorted([$o->a, $o->text, $o->object, $o->new ?? null]));
}

$statements = [
    // Arrays that the statement makes.
    '$o->a["new"]["x"] += 1', '$o->a["map"]["new"]["x"] += 1', '$o->a["map"]["new"]["x"]["y"] .= "z"', '$o->a["map"]["null"]["x"]++',
    '$o->a["map"]["false"]["x"] = 1', '$o->a["map"]["false"][] = 1', '$o->a["map"]["false"]["x"] += 1', '$o->a["map"]["new"][1.5] = 1',
    '$o->a["map"][1.5]["x"] = 1', '$o->a["map"][1.5][2.5] = 1', '$o->a["object"]->new["x"]++', '$o->a["object"]->new["x"]["y"] .= "z"',
    '$o->a["collection"]["new"]["x"]++', '$o->a["collection"]["list"][1.5] = 1', '$o->object->new["x"]["y"]++', '$o->a["map"]["new"] .= new Says',
    '$o->a["map"]["new"]["x"] .= new Says', '$o->new["x"]["y"] += 1', '$o->a["map"]["new"]["x"] ??= 1',
    // Bytes of strings.
    '$o->text[1] = "xy"', '$o->text[1] = new Says', '$o->a["text"][1] = "xy"', '$o->a["text"][1.5] = "x"', '$o->a["text"][-9] = "x"',
    '$o->a["text"][true] = "x"', '$o->a["text"]["1 "] = "x"', '$o->a["map"]["text"][7] = new Says', '$o->object->text[1] = "xy"',
    '$o->a["object"]->text[1] = "xy"', '$o->a["collection"]["text"][1] = "xy"',
    // Objects with methods of their own.
    '$o->a["reference"]->list[9]++', '$o->a["reference"]->list["x"]["y"] += 1', '$o->a["reference"]->list[1.5] = 1',
    '$o->a["reference"]->text[1] = "xy"', '$o->a["reference"]["list"][9]++', '$o->a["reference"]["text"][1] = "xy"',
    '$o->a["reference"]["list"] = 2', '$o->a["reference"]->list = 2', '$o->a["reference"]["new"]["x"]++', 'unset($o->a["reference"]["list"])',
];
$writes = [
    '$o->a["written"] = "w"', '$o->a["map"]["written"] = "w"', '$o->a["object"]->written = "w"', '$o->a["log"][0] = "w"',
    '$o->other = "w"', '$o->text = "another"', '$o->a["text"] = "another"', '$o->object->written = "w"', 'unset($o->a["map"]["there"])',
    '$o->a["collection"]["written"] = "w"',
];

$same = $both = 0;
foreach ($statements as $statement) {
    foreach ($writes as $write) {
        $plain = run(new stdClass(), $statement, $write);
        $sync = new Sync(scratch());
        $shared = run($sync, $statement, $write);
        $sync->destroy();
        if ($plain === $shared) {
            $same++;
        } elseif ($plain === run(new stdClass(), '', '', $write) && $shared === run(new stdClass(), '', '', "$write; $statement")) {
            // A stdClass has lost the statement.
            $both++;
        } else {
            echo "$statement, with $write:\n  stdClass $plain\n  Sync     $shared\n";
        }
    }
}
echo $same + $both, ' times as it should be', $same < 300 ? ", only $same times as in a stdClass" : '', "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
400 times as it should be
