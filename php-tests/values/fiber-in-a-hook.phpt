--TEST--
A hook may suspend its fiber in the middle of a value, and the fiber may never be resumed
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Suspending
{
    function __construct(public $name = '')
    {
    }

    function __serialize(): array
    {
        Fiber::suspend("serialize $this->name");
        return [$this->name];
    }

    function __unserialize(array $data): void
    {
        [$this->name] = $data;
        Fiber::suspend("unserialize $this->name");
    }
}
$s = new Sync(scratch());
$fibers = [];
foreach (['a', 'b', 'c'] as $name) {
    $fibers[$name] = new Fiber(function () use ($s, $name) {
        $s->$name = [new Suspending("$name 1"), range(1, 100), new Suspending("$name 2")];
        return $s->$name[2]->name;
    });
    echo $fibers[$name]->start(), "\n";
}
// All of them write at once, in turns; the last is given up in the middle of writing.
for ($round = 0; $round < 4; $round++) {
    foreach (['a', 'b'] as $name) {
        echo $fibers[$name]->resume() ?? 'returns ' . $fibers[$name]->getReturn(), "\n";
    }
    unset($fibers['c']);
    gc_collect_cycles();
    $s->d = [$round];
}
var_dump(isset($s->a, $s->b), isset($s->c), $s->d);
// And one in the middle of reading.
$fiber = new Fiber(fn () => $s->a);
echo $fiber->start(), "\n";
unset($fiber);
gc_collect_cycles();
$s->a = 'overwritten';
var_dump($s->a);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
serialize a 1
serialize b 1
serialize c 1
serialize a 2
serialize b 2
unserialize a 1
unserialize b 1
unserialize a 2
unserialize b 2
returns a 2
returns b 2
bool(true)
bool(false)
array(1) {
  [0]=>
  int(3)
}
unserialize a 1
string(11) "overwritten"
