--TEST--
On a full disk a write is an exception that says so, the store is as before, and goes on once there is room
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

in_namespace(<<<'PHP'
    mkdir($argv[1]);
    passthru('mount -t tmpfs -o size=2m none ' . escapeshellarg($argv[1]));
    $s = new Sync("$argv[1]/store");
    $s->first = 'kept';
    $s->counter = 0;
    file_put_contents("$argv[1]/ballast", str_repeat('b', 500_000));
    $n = 0;
    try {
        while ($n < 10_000) {
            $s->{"k$n"} = str_repeat('v', 10_000);
            $n++;
        }
        echo "never full\n";
    } catch (SyncException $e) {
        echo str_replace($argv[1], '{dir}', $e->getMessage()), "\n";
    }
    // The store is as before, for this object, for another one, and for a new process.
    foreach ([$s, new Sync("$argv[1]/store")] as $object) {
        var_dump($object->first, count((array) $object->getData()) === $n + 2, isset($object->{"k$n"}));
    }
    // Removing works on a full disk, and makes room.
    for ($i = 0; $i < $n; $i += 2) {
        unset($s->{"k$i"});
    }
    var_dump(count((array) $s->getData()) === 2 + intdiv($n, 2));
    for ($i = 0; $i < 5; $i++) {
        $s->{"again$i"} = str_repeat('a', 10_000);
    }
    // Space that another process frees is used, too.
    unlink("$argv[1]/ballast");
    $s->large = str_repeat('l', 250_000);
    var_dump(strlen((new Sync("$argv[1]/store"))->large), $s->first);
    PHP, scratch('mounted'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Can't write to '{dir}/store': no space left on its file system. Nothing was changed; free some space and try again. It is in memory, a tmpfs of 2 MiB, which mount -o remount,size=… makes larger; Docker makes /dev/shm as large as --shm-size says (64 MB without it).
string(4) "kept"
bool(true)
bool(false)
string(4) "kept"
bool(true)
bool(false)
bool(true)
int(250000)
string(4) "kept"
