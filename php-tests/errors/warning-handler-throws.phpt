--TEST--
An operation that is the first one to meet a damaged file, and whose error handler throws, has done nothing and holds nothing
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('damage to it'); ?>
--FILE--
<?php
require __DIR__ . '/../include/damaged.inc';

$before = ['n' => 5, 'list' => [1, 2, 3], 'queue' => ['a', 'b']];
set_error_handler(fn (int $level, string $message) => throw new ErrorException($message));
foreach ([
    'write' => fn ($s) => $s->n = 9,
    'write of an array' => fn ($s) => $s->n = [9],
    'unset' => function ($s) { unset($s->n); },
    '++' => fn ($s) => $s->n++,
    '[]=' => fn ($s) => $s[] = 1,
    'append' => fn ($s) => $s->list[] = 4,
    'increment' => fn ($s) => $s->increment('n'),
    'add' => fn ($s) => $s->add('new', 1),
    'put' => fn ($s) => $s->put('n', 9, 60),
    'touch' => fn ($s) => $s->touch('n', 0.001),
    'compareAndSet' => fn ($s) => $s->compareAndSet('n', 5, 9),
    'update' => fn ($s) => $s->update('n', fn () => 9),
    'pull' => fn ($s) => $s->pull('n'),
    'push' => fn ($s) => $s->push('queue', 'c'),
    'shift' => fn ($s) => $s->shift('queue'),
    'consume' => fn ($s) => $s->consume('queue', fn () => print('called')),
    'remember' => fn ($s) => $s->remember('new', fn () => 1),
    'setMultiple' => fn ($s) => $s->setMultiple(['n' => 9]),
    'removeMultiple' => fn ($s) => $s->removeMultiple(['n']),
    'clear' => fn ($s) => $s->clear(),
    'setData' => fn ($s) => $s->setData((object) ['n' => 9]),
    'transaction' => fn ($s) => $s->transaction(fn ($s) => $s->n = 9),
    'destroy' => fn ($s) => $s->destroy(),
    'lock' => fn ($s) => $s->lock(),
    'tryLock' => fn ($s) => $s->tryLock(),
    'tryLock of a name' => fn ($s) => $s->tryLock('name'),
    'synchronized' => fn ($s) => $s->synchronized(fn () => print('called')),
] as $what => $do) {
    $path = scratch($what);
    damaged_file($path, fn ($s) => $s->setMultiple($before));
    $s = new Sync($path);
    try {
        $do($s);
        echo "$what: no exception\n";
    } catch (ErrorException) {
        // (Others ask first: this object may see what it has kept to itself.)
        $other = new Sync($path);
        if ((array) $other->getData() !== $before) {
            echo "$what: ", json_encode($other), "\n";
        }
        // Nobody is kept out, and the next attempt succeeds.
        $other->n = 6;
        $other->n = 5;
        if ($other->stats()['locks'] !== []) {
            echo "$what: a lock is left\n";
        }
        $do($s);
        $s->unlock()->release()->release('name');
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
calledcalled
