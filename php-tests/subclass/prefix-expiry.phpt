--TEST--
A change of a value that expires keeps its time, also where the accessors of a class change its name; an assignment does not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class ByMethods extends Sync
{
    public function get($name, $default = null) { return parent::get("p.$name", $default); }
    public function set($name, $value) { return parent::set("p.$name", $value); }
}
class ByMagic extends Sync
{
    public function __get($name) { return parent::__get("p.$name"); }
    public function __set($name, $value) { parent::__set("p.$name", $value); }
}
class InTransaction extends ByMethods
{
    public function set($name, $value) { return $this->transaction(fn () => parent::set($name, $value)); }
}
class Same extends Sync
{
    public function set($name, $value) { return parent::set($name, $value); }
}
$changes = [
    "['k'] =" => fn ($s) => $s->list['k'] = 1,
    '[] =' => fn ($s) => $s->list[] = 1,
    'unset' => function ($s) { unset($s->list[0]); },
    'push' => fn ($s) => $s->push('list', 1),
    'shift' => fn ($s) => $s->shift('list'),
    'consume' => fn ($s) => $s->consume('list', fn () => 0),
    'update' => fn ($s) => $s->update('list', fn ($list) => [0, 0, 0]),
    'compareAndSet' => fn ($s) => $s->compareAndSet('list', [1, 2, 3], [4]),
    '++' => fn ($s) => $s->n++,
    '+=' => fn ($s) => $s->n += 2,
    'increment' => fn ($s) => $s->increment('n'),
    'increment with a ttl' => fn ($s) => $s->increment('n', 1, 5),
    '.=' => fn ($s) => $s->text .= 'x',
];
foreach (['ByMethods', 'ByMagic', 'InTransaction', 'Same'] as $class) {
    $s = new $class(scratch($class));
    $plain = new Sync(scratch($class));
    $start = $class === 'Same' ? '' : 'p.';
    foreach ($changes as $how => $change) {
        $plain->clear();
        foreach (['list' => [1, 2, 3], 'n' => 1, 'text' => 't'] as $name => $value) {
            $s->put($name, $value, 1000);
        }
        $before = json_encode($plain);
        $change($s);
        $ttls = array_map(fn ($name) => $plain->ttl("$start$name") > 900, ['list', 'n', 'text']);
        if ($ttls !== [true, true, true] || json_encode($plain) === $before || count($plain) !== 3) {
            echo "$class, $how: ", json_encode([$ttls, $plain]), "\n";
        }
    }
    $s->n = 1;
    $s->increment('new', 1, 1000);
    $s->increment('new', 1, 5);
    var_dump($plain->ttl("{$start}n"), $plain->ttl("{$start}new") > 900, $s->new);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(true)
int(2)
NULL
bool(true)
int(2)
NULL
bool(true)
int(2)
NULL
bool(true)
int(2)
