--TEST--
An offset is the name that (string) makes of it, as for $s->{…}; a resource is its number, as to an array; null appends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Text
{
    public function __construct(private Closure $asked)
    {
    }

    public function __toString(): string
    {
        ($this->asked)();
        return 'text';
    }
}
class Overriding extends Sync
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }

    public function set($name, $value)
    {
        return parent::set($name, $value);
    }
}

$asked = 0;
$resource = fopen('php://memory', 'r');
$kinds = [
    'int' => 5, 'negative int' => -5, 'float' => 1.5, 'whole float' => 2.0, 'large float' => 1e30, 'true' => true, 'false' => false, 'null' => null, 'numeric string' => '07', 'string' => 'x',
    'empty string' => '', 'resource' => $resource, 'Stringable' => new Text(function () use (&$asked) {
        $asked++;
    }),
];
set_error_handler(function (int $kind, string $message) use (&$warnings, $resource) {
    $warnings[] = str_replace((string) (int) $resource, '{number}', $message);
    return true;
});

/** The result of a statement; prints how often it asked for the string or warned where that is not as expected. */
function one(ArrayAccess $s, string $statement, mixed $k): mixed
{
    global $asked, $warnings;
    [$asked, $warnings] = [0, []];
    $result = eval("return $statement;");
    if ($k instanceof Text) {
        // (By methods, `empty` and `??` are two questions; so there are two warnings, too.)
        $asked === 1 || $s instanceof Overriding || print("$statement asked $asked times\n");
    } elseif (is_resource($k)) {
        array_unique($warnings) === ['Resource ID#{number} used as offset, casting to integer ({number})'] || print("$statement warned: " . implode(', ', $warnings) . "\n");
    } elseif ($warnings) {
        echo "$statement warned: ", implode(', ', $warnings), "\n";
    }
    return $result;
}

foreach ([Sync::class, Overriding::class] as $class) {
    foreach ($kinds as $what => $k) {
        $s = new $class(scratch());
        $s->destroy();
        $name = is_resource($k) ? (string) (int) $k : ($k instanceof Text ? 'text' : (string) $k);
        $seen = [one($s, 'isset($s[$k])', $k), one($s, 'empty($s[$k])', $k), one($s, '$s[$k] ?? "missing"', $k), one($s, '$s[$k]', $k)];
        $s->$name = 5;
        array_push($seen, one($s, 'isset($s[$k])', $k), one($s, 'empty($s[$k])', $k), one($s, '$s[$k] ?? "missing"', $k), one($s, '$s[$k]', $k));
        one($s, '($s[$k] = ["a" => 1])', $k);
        if ($k === null) {
            $seen[] = $s->{'0'}['a'];
            $s->$name = ['a' => 1];
        }
        $seen[] = $s->$name;
        // (The result of a method cannot be changed in place, as with any ArrayAccess.)
        if ($class === Sync::class) {
            one($s, '($s[$k]["b"]["c"] = 2)', $k);
            one($s, '$s[$k]["a"]++', $k);
            one($s, '($s[$k]["d"][] = 3)', $k);
            one($s, '(function () use ($s, $k) { unset($s[$k]["b"]); })()', $k);
            $seen[] = $s->$name;
            $s->$name = 5;
            $seen[] = one($s, '$s[$k]++', $k);
            one($s, '$s[$k] += 10', $k);
            $seen[] = $s->$name;
        }
        one($s, '(function () use ($s, $k) { unset($s[$k]); })()', $k);
        $seen[] = isset($s->$name);
        echo "$class, $what: ", json_encode($name), ' ', json_encode($seen), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
Sync, int: "5" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, negative int: "-5" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, float: "1.5" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, whole float: "2" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, large float: "1.0E+30" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, true: "1" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, false: "" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, null: "" [false,true,"missing",null,true,false,5,5,1,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, numeric string: "07" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, string: "x" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, empty string: "" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, resource: "%d" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Sync, Stringable: "text" [false,true,"missing",null,true,false,5,5,{"a":1},{"a":2,"d":[3]},5,16,false]
Overriding, int: "5" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, negative int: "-5" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, float: "1.5" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, whole float: "2" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, large float: "1.0E+30" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, true: "1" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, false: "" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, null: "" [false,true,"missing",null,true,false,5,5,1,{"a":1},false]
Overriding, numeric string: "07" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, string: "x" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, empty string: "" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, resource: "%d" [false,true,"missing",null,true,false,5,5,{"a":1},false]
Overriding, Stringable: "text" [false,true,"missing",null,true,false,5,5,{"a":1},false]
