--TEST--
The memory that reading or writing a value takes counts against memory_limit: too much is an exception, and nothing has changed
--INI--
memory_limit=32M
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip without the engine\'s allocator nothing counts its memory');
}
if (disk_free_space('/dev/shm') < 400 << 20) {
    die('skip needs 400 MB on /dev/shm');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$made = Peer::fork(function () {
    ini_set('memory_limit', '-1');
    $megabyte = str_repeat('x', 1 << 20);
    $s = new Sync(scratch());
    $s->array = array_fill(0, 60, $megabyte);
    $s->string = str_repeat('y', 60 << 20);
    $s->list = [0];
    for ($i = 0; $i < 60; $i++) {
        $s->list[] = $megabyte;
    }
    $s->numbers = range(0, 2_000_000);
    $s->n = 1;
    $small = new Sync(scratch('strings'));
    for ($i = 0; $i < 60; $i++) {
        $small->{"s$i"} = $megabyte;
    }
    // (A server has no files of the pure-PHP class.)
    on_server() || file_put_contents(scratch('old'), serialize((object) ['timeout' => 0, 'interval' => 0, 'data' => (object) ['n' => 1, 'x' => str_repeat('z', 60 << 20)]]));
})->end();
echo $made, "\n";
$ways = [
    'an array' => fn ($s) => $s->array,
    'a string' => fn ($s) => $s->string,
    'a list in pieces' => fn ($s) => $s->list,
    'numbers' => fn ($s) => $s->numbers,
    'a part of an array' => fn ($s) => $s->array[0],
    'get' => fn ($s) => $s->get('list'),
    'an operator' => fn ($s) => $s->string .= 'x',
    'an element of an element' => fn ($s) => $s->array[1][2] = 3,
    'foreach' => function ($s) {
        foreach ($s as $value);
    },
    'getData' => fn ($s) => $s->getData(),
    'an array of all' => fn ($s) => (array) $s,
    'get_object_vars' => fn ($s) => get_object_vars($s),
    'json_encode' => fn ($s) => json_encode($s),
    'var_export' => fn ($s) => var_export($s, true),
    'iterator_to_array' => fn ($s) => iterator_to_array($s),
    'writing' => function ($s) {
        $s->n = array_fill(0, 60, str_repeat('x', 1 << 20));
    },
    'writing what is nested' => fn ($s) => $s->n = ['a' => [1, array_fill(0, 4, [str_repeat('x', 6 << 20)])]],
    'appending' => fn ($s) => $s->list[] = array_fill(0, 60, str_repeat('x', 1 << 20)),
    'setData' => fn ($s) => $s->setData((object) array_fill(0, 60, str_repeat('x', 1 << 20))),
    'all strings' => fn () => (new Sync(scratch('strings')))->getData(),
    'an old file' => fn () => (new Sync(scratch('old')))->n,
    'an old file, to write' => fn () => (new Sync(scratch('old')))->set('n', 2),
];
if (on_server()) {
    unset($ways['an old file'], $ways['an old file, to write']);
}
$old_file = fn () => on_server() ? '' : hash_file('xxh3', scratch('old'));
$before = $old_file();
foreach ($ways as $way => $do) {
    // In a process of its own: its memory may be in pieces afterwards.
    $child = Peer::fork(function () use ($way, $do) {
        $s = new Sync(scratch());
        $before = memory_get_usage();
        try {
            $do($s);
            echo "$way: nothing was thrown\n";
        } catch (SyncException $e) {
            echo str_contains($e->getMessage(), 'memory_limit') ? '' : "$way: {$e->getMessage()}\n";
        }
        unset($e);
        if (memory_get_peak_usage(true) > 32 << 20 || memory_get_usage() > $before + (1 << 20)) {
            echo "$way: ", memory_get_peak_usage(true) >> 20, ' MiB, ', memory_get_usage() - $before, " bytes left behind\n";
        }
        // Other objects remain usable, and so does this one.
        if ($s->n !== 1 || count($s) !== 5) {
            echo "$way: something has changed\n";
        }
    })->end();
    echo $child === 'exit 0' ? '' : "$way: $child\n";
}
var_dump($before === $old_file());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
bool(true)
