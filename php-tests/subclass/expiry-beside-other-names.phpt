--TEST--
The expiry of a value is that of the value, where the class's method for storing it stores something under another name before
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Logged extends Sync
{
    public Closure $log;

    public function set($name, $value)
    {
        if ($name !== 'last') {
            ($this->log)->call($this, $name);
        }
        return parent::set($name, $value);
    }
}
class LoggedByMagic extends Sync
{
    public Closure $log;

    public function __set($name, $value)
    {
        if ($name !== 'last') {
            ($this->log)->call($this, $name);
        }
        parent::__set($name, $value);
    }
}
// A method of the class in between changes the name, its parent's logs.
class Prefixed extends Logged
{
    public function set($name, $value) { return $name === 'last' ? parent::set($name, $value) : parent::set("p.$name", $value); }
}
class Assigning
{
    public function __construct(private Sync $s) {}
    public function __destruct() { $this->s->last = 'destructor'; }
}
$logs = [
    'property' => function ($name) { $this->last = $name; },
    'element' => function ($name) { $this['last'] = $name; },
    'set()' => function ($name) { $this->set('last', $name); },
    'put()' => function ($name) { $this->put('last', $name); },
    'transaction' => function ($name) { $this->transaction(function () use ($name) { $this->last = $name; }); },
    'destructor' => function () { new Assigning($this); },
    'increment' => function () { $this->increment('last'); },
    'none' => function () {},
];
$writes = [
    'put' => fn ($s) => $s->put('n', 1, 1000),
    'add' => fn ($s) => $s->add('n', 1, 1000),
    'setMultiple' => fn ($s) => $s->setMultiple(['n' => 1], 1000),
    'remember' => fn ($s) => $s->remember('n', fn () => 1, 1000),
    'increment' => fn ($s) => $s->increment('n', 1, 1000),
];
$changes = [
    '++' => fn ($s) => $s->n++,
    'update' => fn ($s) => $s->update('n', fn ($n) => $n + 1),
    'compareAndSet' => fn ($s) => $s->compareAndSet('n', 1, 2),
    'nested' => fn ($s) => $s->list['k'][] = 1,
    'push' => fn ($s) => $s->push('list', 1),
];
foreach (['Logged' => '', 'LoggedByMagic' => '', 'Prefixed' => 'p.'] as $class => $start) {
    [$s, $plain] = [new $class(scratch($class)), new Sync(scratch($class))];
    foreach ($logs as $way => $log) {
        if (in_array($way, ['set()', 'element']) && $class === 'LoggedByMagic') {
            // (That is Sync's own, and no method of the class: it may be the value's new name.)
            continue;
        }
        $s->log = $log;
        foreach ($writes as $how => $write) {
            $plain->clear();
            $write($s);
            if (!($plain->ttl("{$start}n") > 900) || $plain->ttl('last') !== null || $way !== 'none' && !isset($plain->last)) {
                echo "$class, $way, $how: ", json_encode([$plain, $plain->ttl("{$start}n"), $plain->ttl('last')]), "\n";
            }
        }
        if ($start !== '') {
            continue;
        }
        foreach ($changes as $how => $change) {
            $plain->clear();
            $plain->setMultiple(['n' => 1, 'list' => [1]], 1000);
            $before = json_encode([$plain->n, $plain->list]);
            $change($s);
            $ttls = [$plain->ttl('n') > 900, $plain->ttl('list') > 900, $plain->ttl('last')];
            if ($ttls !== [true, true, null] || json_encode([$plain->n, $plain->list]) === $before) {
                echo "$class, $way, $how: ", json_encode([$plain, $ttls]), "\n";
            }
        }
    }
}

// A store that is refused is not the value.
class Refused extends Sync
{
    public function set($name, $value)
    {
        try {
            return parent::set("p.$name", $value);
        } catch (SyncException) {
            return parent::set("p.$name", 'instead');
        }
    }
}
$s = new Refused(scratch('refused'));
$s->put('x', fn () => 1, 1000);
var_dump((new Sync(scratch('refused')))->ttl('p.x') > 900);

// Nobody tells of the expiry of a value that is kept under another name.
class Renamed extends Sync
{
    public function get($name, $default = null) { return parent::get("p.$name", $default); }
    public function set($name, $value) { return parent::set("p.$name", $value); }
}
$s = new Renamed(scratch('renamed'));
$s->put('x', 1, 0.2);
var_dump($s->waitFor('x', fn ($value) => $value === null, 30));
echo 'done';
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
NULL
done
