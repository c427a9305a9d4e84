--TEST--
An autoloader that runs in the middle of a statement may read and write the object, the same value included: it runs once, and its writes stay
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** In this process there are classes; in the other one an autoloader makes them. */
const CLASSES = '#[AllowDynamicProperties] class %s { public $p = 1; public $list = [1]; public function __unserialize(array $data): void { foreach ($data as $k => $v) $this->$k = $v; } }';
$statements = [
    '$s->{class}->p += 5', '$s->{class}->p .= "x"', '$s->{class}->list[] = 2', '++$s->{class}->new["n"]', 'unset($s->{class}->p)', '$s->in["{class}"]->p += 5', '$s->in["{class}"]->list["k"]["l"] = 2',
    '$s->in["{class}"]->p = $s->in["{class}"]->p + 5', '$s["in"]["{class}"]->list[0]++', '$s->in["appended"] = 1', 'isset($s->{class}->list[0])', '$s->in["n"] += 1', '$s->in["n"]++',
];
$s = new Sync(scratch());
$s->in = ['n' => 0];
$s->loaded = [];
foreach ($statements as $n => $statement) {
    eval(sprintf(CLASSES, "Class$n"));
    $s->{"Class$n"} = new ("Class$n");
    $s->in["Class$n"] = new ("Class$n");
}
$code = <<<'PHP'
    $s = new Sync($argv[1]);
    spl_autoload_register(function (string $class) use ($s, $argv) {
        // (It does not read a value that holds an object of that class: that would load the class.)
        count($s->loaded);
        $s->loaded[] = $class;
        $s->in["loaded $class"] = true;
        eval(sprintf($argv[2], $class));
    });
    error_reporting(0);
    while (($line = $parent->hear()) !== 'end') {
        try {
            eval("$line;");
            $parent->tell('done');
        } catch (Throwable $e) {
            $parent->tell(get_class($e) . ': ' . $e->getMessage());
        }
    }
    PHP;
foreach ($statements as $n => $statement) {
    // A process that knows no class yet.
    $other = Peer::php($code, scratch(), CLASSES);
    $statement = str_replace('{class}', "Class$n", $statement);
    $other->tell($statement);
    $outcome = $other->hear();
    $other->tell('end');
    $other->end();
    $loaded = $s->loaded;
    sort($loaded);
    $loads = count($loaded) === count(array_unique($loaded)) ? 'each once' : implode(', ', $loaded);
    $noted = array_filter(array_keys($s->in), fn ($key) => str_starts_with($key, 'loaded '));
    sort($noted);
    $kept = $noted === array_map(fn ($class) => "loaded $class", $loaded) ? 'all noted' : 'noted: ' . implode(', ', $noted);
    $value = str_contains($statement, '"in"') || str_contains($statement, 'in[') ? ($s->in["Class$n"] ?? null) : $s->{"Class$n"};
    echo "$statement: $outcome, ", count($loaded), ' loaded, ', $loads, ', ', $kept, ', ', json_encode($value), "\n";
    $s->loaded = [];
    $rest = array_diff_key($s->in, array_flip($noted));
    $s->in = $rest;
}
echo json_encode([$s->in['n'], $s->in['appended']]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$s->Class0->p += 5: done, 1 loaded, each once, all noted, {"p":6,"list":[1]}
$s->Class1->p .= "x": done, 1 loaded, each once, all noted, {"p":"1x","list":[1]}
$s->Class2->list[] = 2: done, 1 loaded, each once, all noted, {"p":1,"list":[1,2]}
++$s->Class3->new["n"]: done, 1 loaded, each once, all noted, {"p":1,"list":[1],"new":{"n":1}}
unset($s->Class4->p): done, 1 loaded, each once, all noted, {"p":1,"list":[1]}
$s->in["Class5"]->p += 5: done, 13 loaded, each once, all noted, {"p":6,"list":[1]}
$s->in["Class6"]->list["k"]["l"] = 2: done, 13 loaded, each once, all noted, {"p":1,"list":{"0":1,"k":{"l":2}}}
$s->in["Class7"]->p = $s->in["Class7"]->p + 5: done, 13 loaded, each once, all noted, {"p":6,"list":[1]}
$s["in"]["Class8"]->list[0]++: done, 13 loaded, each once, all noted, {"p":1,"list":[2]}
$s->in["appended"] = 1: done, 0 loaded, each once, all noted, {"p":1,"list":[1]}
isset($s->Class10->list[0]): done, 1 loaded, each once, all noted, {"p":1,"list":[1]}
$s->in["n"] += 1: done, 13 loaded, each once, all noted, {"p":1,"list":[1]}
$s->in["n"]++: done, 13 loaded, each once, all noted, {"p":1,"list":[1]}
[2,1]
