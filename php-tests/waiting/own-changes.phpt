--TEST--
Changes of the object's own do not count for wait(), whichever method makes them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$methods = [
    'first write' => fn () => $s->n = 1,
    '=' => fn () => $s->n = 1,
    '++' => fn () => $s->n++,
    '[]' => fn () => $s->list[] = 1,
    'set' => fn () => $s->set('n', 2),
    'put' => fn () => $s->put('n', 2, 100),
    'touch' => fn () => $s->touch('n', 200),
    'add' => fn () => $s->add('a', 2),
    'increment' => fn () => $s->increment('a'),
    'compareAndSet' => fn () => $s->compareAndSet('a', 3, 4),
    'update' => fn () => $s->update('a', fn ($a) => $a + 1),
    'remember' => fn () => $s->remember('r', fn () => 1),
    'pull' => fn () => $s->pull('a'),
    'unset' => function () use ($s) { unset($s->r); },
    'push, a list' => fn () => $s->push('q', 1, 2, 3),
    'push, more' => fn () => $s->push('q', 4),
    'push, a map' => fn () => [$s->m = ['x' => 1], $s->push('m', 4)],
    'shift' => fn () => $s->shift('q'),
    'shift, a map' => fn () => $s->shift('m'),
    'shift, an object' => fn () => [$s->push('o', new stdClass, 1), $s->shift('o')],
    'consume' => fn () => $s->consume('q', fn () => 1),
    'setMultiple' => fn () => $s->setMultiple(['n' => 1, 'a' => 1]),
    'transaction' => fn () => $s->transaction(function () use ($s) { $s->n = 2; unset($s->a); $s->push('q', 1); }),
    'removeMultiple' => fn () => $s->removeMultiple(['n', 'a']),
    'setData' => fn () => $s->setData((object) ['n' => 1, 'q' => [1]]),
    'clear, a prefix' => fn () => $s->clear('n'),
    'clear' => fn () => $s->clear(),
    'write by number' => fn () => $s[] = 1,
];
$s->wait(timeout: 0);
foreach ($methods as $how => $change) {
    foreach (['n', 'a', 'r', 'q', 'm', 'o', 'list'] as $name) {
        $s->$name;
    }
    $change();
    foreach (['n', 'a', 'r', 'q', 'm', 'o', 'list', null] as $name) {
        if ($s->wait($name, 0)) {
            echo "$how: ", json_encode($name), " counts\n";
        }
    }
}
// Those of another object do.
$other = new Sync(scratch());
$other->n = 7;
var_dump($s->wait('n', 0), $s->wait(null, 0), $s->wait(null, 0));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
