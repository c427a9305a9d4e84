--TEST--
$sync['x'] is written into as $sync->x is, by the methods that a subclass overrides
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

trait Log
{
    public array $log = [];

    private function log(string $what): void
    {
        $this->log[] = $what;
    }
}
class MagicGet extends Sync
{
    use Log;
    public function __get($name) { $this->log("get $name"); return parent::__get($name); }
}
class MagicSet extends Sync
{
    use Log;
    public function __set($name, $value) { $this->log("set $name"); parent::__set($name, $value); }
}
class MagicIsset extends Sync
{
    public function __isset($name) { return parent::__isset($name); }
}
class MagicUnset extends Sync
{
    public function __unset($name) { parent::__unset($name); }
}
class Get extends Sync
{
    use Log;
    public function get($name, $default = null) { $this->log("get $name"); return parent::get($name, $default); }
}
class Set extends Sync
{
    use Log;
    public function set($name, $value) { $this->log("set $name"); return parent::set($name, $value); }
}
class Has extends Sync
{
    public function has($name) { return parent::has($name); }
}
class Remove extends Sync
{
    public function remove($name) { return parent::remove($name); }
}
const STATEMENTS = [
    'X["b"] = 1', 'X["b"]["c"] = 1', 'X["l"][] = 1', 'X["n"]++', '$r = X["n"]--', 'X["n"] += 5', 'X["t"] .= "x"', 'unset(X["n"])', 'unset(X["l"][0])',
    'X["o"]->p = 9', 'X["o"]->p++', '$r = ++X["o"]->p', 'X["o"]->q["z"] = 1', 'unset(X["o"]->p)', '[X["b"], $r] = [1, 2]', '[$r, X["l"][]] = [1, 2]',
    'foreach ([1, 2] as X["b"]) {}', '$r = X["b"] = X["c"] = 7', 'X["t"]->p = 1', 'X["n"][] = 1', 'N++', '--N', '$r = N++', '$r = N += 5', '$r = N .= "x"',
    'N **= 2', 'N += []', 'N %= 0', 'E["k"] = 1', 'E["k"] .= 1', '$r = E["k"]["l"]++', 'unset(E["k"])',
];
$given = fn () => (object) ['x' => ['l' => [0], 'n' => 1, 't' => 't', 'o' => (object) ['p' => 1, 'q' => []]], 'n' => 1];
/** The outcome of a statement: its result, what it throws, what is stored then, the methods that it has called. */
function outcome(string $class, string $statement): array
{
    $file = scratch($class);
    $s = new $class($file);
    (new Sync($file))->setData($GLOBALS['given']());
    $r = $thrown = null;
    $warned = [];
    set_error_handler(function ($level, $message) use (&$warned) {
        return (bool) $warned[] = $message;
    });
    try {
        eval("$statement;");
    } catch (Throwable $e) {
        $thrown = $e::class . ': ' . $e->getMessage();
    }
    restore_error_handler();
    return [$r, $thrown, $warned, json_encode(new Sync($file)), $s->log ?? []];
}
$compared = 0;
foreach (['Sync', 'MagicGet', 'MagicSet', 'MagicIsset', 'MagicUnset', 'Get', 'Set', 'Has', 'Remove'] as $class) {
    foreach (STATEMENTS as $statement) {
        $property = outcome($class, strtr($statement, ['X' => '$s->x', 'N' => '$s->n', 'E' => '$s->e']));
        $element = outcome($class, strtr($statement, ['X' => '$s["x"]', 'N' => '$s["n"]', 'E' => '$s["e"]']));
        $property === $element || var_dump($class, $statement, $property, $element);
        $compared++;
    }
}
echo "$compared the same\n";
echo implode(', ', outcome('Get', '$s["x"]["b"] = 1')[4]), '; ', implode(', ', outcome('MagicSet', '$s["n"] += 1')[4]), "\n";
echo outcome('Set', '$s[]["a"] = 1')[3], "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
288 the same
get x; set n
{"x":{"l":[0],"n":1,"t":"t","o":{"p":1,"q":[]}},"n":1,"0":{"a":1}}
