--TEST--
A method of the class is called once for a value, however it is entered and whichever method of its parent it uses; the value stays as long as it was to
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Encoding extends Sync
{
    public int $calls = 0;
    public $declared = 'own';

    public function __construct(string $file, private Closure $store, private Closure $load)
    {
        parent::__construct($file);
    }

    public function set($name, $value)
    {
        ++$this->calls > 5 && throw new Exception('called again and again');
        ($this->store)->call($this, $name, "<$value>", fn (string $method, ...$arguments) => parent::$method(...$arguments));
        return $value;
    }

    public function get($name, $default = null)
    {
        ++$this->calls > 5 && throw new Exception('called again and again');
        $value = ($this->load)->call($this, $name, fn (string $method, ...$arguments) => parent::$method(...$arguments));
        return $value === null ? $default : substr($value, 1, -1);
    }
}
$stores = [
    'set' => fn ($name, $value, $parent) => $parent('set', $name, $value),
    'put' => fn ($name, $value, $parent) => $parent('put', $name, $value),
    'setMultiple' => fn ($name, $value, $parent) => $parent('setMultiple', [$name => $value]),
    'update' => fn ($name, $value, $parent) => $parent('update', $name, fn () => $value),
    'add' => function ($name, $value, $parent) { $parent('remove', $name); $parent('add', $name, $value); },
    'transaction' => fn ($name, $value, $parent) => $parent('transaction', fn () => $parent('set', $name, $value)),
    '$this->$name' => function ($name, $value, $parent) { $name === 'declared' ? $parent('set', $name, $value) : $this->$name = $value; },
];
$loads = [
    'get' => fn ($name, $parent) => $parent('get', $name),
    'getMultiple' => fn ($name, $parent) => $parent('getMultiple', [$name])[$name],
    'remember' => fn ($name, $parent) => $parent('has', $name) ? $parent('remember', $name, fn () => 0) : null,
    'getData' => fn ($name, $parent) => $parent('getData')->$name ?? null,
    '$this->$name' => fn ($name, $parent) => $name === 'declared' ? $parent('get', $name) : $this->$name,
];
// How often a value is loaded and stored by each, and whether it expires.
$writes = [
    'set' => [1, false, fn ($s, $name) => $s->set($name, 'v')],
    "['x']" => [1, false, fn ($s, $name) => $s[$name] = 'v'],
    'put' => [1, true, fn ($s, $name) => $s->put($name, 'v', 1000)],
    'setMultiple' => [1, true, fn ($s, $name) => $s->setMultiple([$name => 'v'], 1000)],
    'add' => [2, true, fn ($s, $name) => $s->add($name, 'v', 1000)],
    'remember' => [3, true, fn ($s, $name) => $s->remember($name, fn () => 'v', 1000)],
    'update' => [2, true, function ($s, $name, $plain) { $plain->put($name, '<o>', 1000); $s->update($name, fn () => 'v'); }],
    'compareAndSet' => [2, true, function ($s, $name, $plain) { $plain->put($name, '<o>', 1000); $s->compareAndSet($name, 'o', 'v'); }],
];
$reads = [
    'get' => fn ($s, $name) => $s->get($name),
    "['x']" => fn ($s, $name) => $s[$name],
    'getMultiple' => fn ($s, $name) => $s->getMultiple([$name])[$name],
    'pull' => fn ($s, $name) => $s->pull($name),
];
$plain = new Sync(scratch());
foreach (['shared', 'declared'] as $name) {
    foreach ($stores as $how => $store) {
        $s = new Encoding(scratch(), $store, $loads['get']);
        foreach ($writes as $by => [$calls, $expires, $write]) {
            $plain->clear();
            $s->calls = 0;
            $write($s, $name, $plain);
            $state = [$plain->get($name), $plain->ttl($name) > 900];
            // (update() and add() in set() load it once more.)
            $calls += in_array($how, ['update', 'add']) ? 1 : 0;
            if ($state !== ['<v>', $expires] || $s->calls !== $calls) {
                echo "$name, stored by $how, entered by $by: ", json_encode($state), ", $s->calls calls\n";
            }
        }
    }
    foreach ($loads as $how => $load) {
        $s = new Encoding(scratch(), $stores['set'], $load);
        foreach ($reads as $by => $read) {
            $plain->set($name, '<v>');
            $s->calls = 0;
            $value = $read($s, $name);
            if ($value !== 'v' || $s->calls > 2) {
                echo "$name, loaded by $how, entered by $by: ", json_encode($value), ", $s->calls calls\n";
            }
        }
    }
}
echo json_encode($s->declared), "\n";

// The class's own time to live, and other names.
class Chosen extends Sync
{
    public function set($name, $value)
    {
        if ($name !== 'count') {
            $this->increment('count');
        }
        return parent::put($name, $value, 10_000);
    }
}
$s = new Chosen(scratch('chosen'));
$s->put('a', 1, 1000);
$s->b = 2;
var_dump($s->ttl('a') > 9_000, $s->ttl('b') > 9_000, $s->count);

// In a fiber that sleeps in the method.
class Sleeping extends Sync
{
    public function set($name, $value)
    {
        Fiber::getCurrent() && Fiber::suspend();
        return parent::set($name, $value);
    }
}
$s = new Sleeping(scratch('sleeping'));
[$a, $b] = [new Fiber(fn () => $s->put('a', 1, 1000)), new Fiber(fn () => $s->put('b', 1, 5000))];
$a->start();
$b->start();
$s->c = 1;
$a->resume();
$b->resume();
var_dump($s->ttl('a') > 900 && $s->ttl('a') <= 1000, $s->ttl('b') > 4900, $s->ttl('c'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
"own"
bool(true)
bool(true)
int(2)
bool(true)
bool(true)
NULL
