--TEST--
Where a statement and code in the middle of it have changed one object with methods of its own, or the value changes whenever it is stored, that is an exception; what was taken away stays away, and a warning is given once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Own implements ArrayAccess
{
    public static ?Closure $do = null;
    public array $kept = ['k' => 1];

    public function offsetExists(mixed $offset): bool
    {
        return true;
    }

    public function offsetGet(mixed $offset): mixed
    {
        return $this->kept[$offset];
    }

    public function offsetSet(mixed $offset, mixed $value): void
    {
        if ($do = self::$do) {
            self::$do = null;
            $do();
        }
        $this->kept[$offset] = $value;
    }

    public function offsetUnset(mixed $offset): void
    {
    }
}

class Stores
{
    public static ?Closure $do = null;

    public function __serialize(): array
    {
        if ($do = self::$do) {
            self::$do = null;
            $do();
            self::$do = $do;
        }
        return [];
    }
}

function try_to(Closure $statement): void
{
    try {
        $statement();
    } catch (SyncException $e) {
        echo preg_replace("~ in '[^']*'~", '', $e->getMessage()), "\n";
    }
}

$s = new Sync(scratch());
$reported = error_reporting();

echo "One object:\n";
$s->own = new Own();
Own::$do = fn () => $s->own['inner'] = 2;
try_to(fn () => $s->own['outer'] = 1);
echo json_encode($s->own), "\n";

echo "One object, and a lock of its own:\n";
$s->own = new Own();
Own::$do = fn () => $s->lock()->unlock();
try_to(fn () => $s->own['outer'] = 1);
echo json_encode($s->own), "\n";

echo "Another in its place:\n";
$s->own = new Own();
Own::$do = fn () => $s->own = 'another';
try_to(fn () => $s->own['outer'] = 1);
echo json_encode($s->own), "\n";
$s->a = ['own' => new Own()];
Own::$do = fn () => $s->a['own'] = 'another';
try_to(fn () => $s->a['own']['outer'] = 1);
echo json_encode($s->a), "\n";
$s->a = ['own' => new Own()];
Own::$do = function () use ($s) {
    unset($s->a['own']);
};
try_to(fn () => $s->a['own']['outer'] = 1);
echo json_encode($s->a), "\n";

echo "Whenever it is stored:\n";
$times = 0;
$s->a = [new Stores(), 'n' => 1];
Stores::$do = function () use ($s, &$times) {
    $s->a['times'] = ++$times;
};
try_to(fn () => $s->a['n']++);
Stores::$do = null;
echo $times, ' ', json_encode($s->a), "\n";
$times = 0;
Stores::$do = function () use ($s, &$times) {
    if (++$times <= 2) {
        $s->a['times'] = $times;
    }
};
try_to(fn () => $s->a['n']++);
Stores::$do = null;
echo json_encode($s->a), "\n";

echo "Taken away:\n";
foreach (['unset($s->a["m"])', '$s->a["m"] = null', '$s->a["m"] = "text"', '$s->a["m"] = ["another"]', 'unset($s->a)', '$s->a = null'] as $taken) {
    $s->a = ['m' => ['there' => 1]];
    set_error_handler(eval("return function () use (\$s) { $taken; return true; };"));
    $s->a['m'][1.5]['x'] = 1;
    restore_error_handler();
    echo "$taken: ", json_encode($s->a), "\n";
}

echo "Warned of once:\n";
$s->a = ['f' => false, 'own' => new Own()];
set_error_handler(function ($level, $message) use ($s) {
    echo "$message\n";
    $s->a['written'] = true;
    return true;
});
$s->a['f']['x'][1.5] = 1;
$s->a['own']->kept[2.5]['x'] = 1;
unset($s->a['own']->kept[2.5]);
restore_error_handler();
echo json_encode($s->a), "\n";
echo "And later:\n";
set_error_handler(function ($level, $message) {
    echo "$message\n";
    return true;
});
$s->a['f']['nothing']++;
echo error_reporting() === $reported ? "as before" : error_reporting(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
One object:
Can't store property 'own': code that the statement has run has stored it meanwhile, and only the object's own methods could tell what becomes of both
{"kept":{"k":1,"inner":2}}
One object, and a lock of its own:
{"kept":{"k":1,"outer":1}}
Another in its place:
"another"
{"own":"another"}
[]
Whenever it is stored:
Can't store property 'a': code that runs while it is stored changes it each time
21 {"0":{},"n":1,"times":21}
{"0":{},"n":2,"times":2}
Taken away:
unset($s->a["m"]): []
$s->a["m"] = null: {"m":null}
$s->a["m"] = "text": {"m":"text"}
$s->a["m"] = ["another"]: {"m":["another",{"x":1}]}
unset($s->a): null
$s->a = null: null
Warned of once:
Automatic conversion of false to array is deprecated
Implicit conversion from float 1.5 to int loses precision
Implicit conversion from float 2.5 to int loses precision
Implicit conversion from float 2.5 to int loses precision
{"f":{"x":{"1":1}},"own":{"kept":{"k":1}},"written":true}
And later:
Undefined array key "nothing"
as before
