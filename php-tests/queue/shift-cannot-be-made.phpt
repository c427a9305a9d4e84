--TEST--
An element that shift() cannot make stays at the head of its array, for a program that can
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Fails
{
    public static bool $fails = true;
    public static ?Closure $ends = null;

    public function __construct(public string $name) {}

    public function __unserialize(array $data): void
    {
        self::$ends && (self::$ends)();
        self::$fails && throw new Exception("$data[name] is not read");
        $this->name = $data['name'];
    }

    public function __serialize(): array
    {
        return ['name' => $this->name];
    }
}
// (An enum that another program has.)
Peer::fork(function () {
    eval('enum Elsewhere { case One; }');
    (new Sync(scratch()))->push('cases', Elsewhere::One, 'next');
})->end();

$s = new Sync(scratch());
attempt(fn () => $s->shift('cases'));
attempt(fn () => $s->consume('cases', fn () => print "not called\n"));
Peer::fork(function () {
    eval('enum Elsewhere { case One; }');
    var_dump((new Sync(scratch()))->shift('cases'));
})->end();
var_dump($s->shift('cases'));
$s->push('objects', new Fails('an object'), 'next');
attempt(fn () => $s->shift('objects'));
var_dump(get_class((new Sync(scratch(), allowedClasses: false))->shift('objects')), $s->shift('objects'));

$lists = [
    'pushed' => fn () => $s->push('q', new Fails('an object'), 2),
    'assigned' => fn () => $s->q = [new Fails('an object'), 2],
    'the only one' => fn () => $s->push('q', new Fails('an object')),
    'inside' => fn () => $s->push('q', [1, ['x' => new Fails('an object')]], 2),
    'a map' => fn () => $s->q = ['x' => new Fails('an object'), 'y' => 2],
    'met twice' => function () use ($s) {
        $object = new Fails('an object');
        $s->q = [[$object], $object];
    },
];
foreach ($lists as $how => $fill) {
    $fill();
    echo "$how: ";
    Fails::$fails = true;
    $length = $s->describe('q')['count'];
    attempt(fn () => $s->shift('q'));
    attempt(fn () => $s->shift('q', timeout: 5));
    attempt(fn () => $s->transaction(fn () => $s->shift('q')));
    // A program that ends, or dies, while it makes the element.
    $ends = [
        'exit' => fn () => exit(0),
        'kill' => fn () => posix_kill(getmypid(), SIGKILL),
        'memory' => fn () => str_repeat('x', 1 << 40),
    ];
    foreach ($ends as $end) {
        Peer::fork(function () use ($end) {
            ini_set('display_errors', '0');
            Fails::$ends = $end;
            (new Sync(scratch()))->shift('q');
        })->end();
    }
    Fails::$fails = false;
    $element = $s->shift('q');
    array_walk_recursive($element, function ($value) use (&$object) {
        $object = $value;
    });
    echo ($element instanceof Fails ? $element : $object)->name, ', ', $length - count($s->q), " taken\n";
    $s->q = [];
}
var_dump($s->stats()['consuming']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't read property 'cases' of '{dir}/store': Class 'Elsewhere' not found. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
SyncException: Can't read property 'cases' of '{dir}/store': Class 'Elsewhere' not found. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
enum(Elsewhere::One)
string(4) "next"
Exception: an object is not read
string(22) "__PHP_Incomplete_Class"
string(4) "next"
pushed: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
assigned: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
the only one: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
inside: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
a map: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
met twice: Exception: an object is not read
Exception: an object is not read
Exception: an object is not read
an object, 1 taken
array(0) {
}
