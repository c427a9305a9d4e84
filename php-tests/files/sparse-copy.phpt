--TEST--
A copy with holes on a disk too full to fill them is an exception at most, never a signal
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

in_namespace(<<<'PHP'
    mkdir($argv[1]);
    passthru('mount -t tmpfs -o size=1m none ' . escapeshellarg($argv[1]));
    $s = new Sync("$argv[1]/../original");
    $s->x = 1;
    $s->y = str_repeat('y', 100_000);
    passthru('cp --sparse=always ' . escapeshellarg("$argv[1]/../original") . ' ' . escapeshellarg("$argv[1]/store"));
    @file_put_contents("$argv[1]/ballast", str_repeat('b', 2_000_000));
    $s = new Sync("$argv[1]/store");
    $outcomes = [];
    foreach ([fn () => $s->x, fn () => $s->y, fn () => $s->z = str_repeat('z', 10_000), fn () => $s->getData(), fn () => $s->x] as $access) {
        try {
            $access();
        } catch (SyncException $e) {
            $outcomes[] = str_contains($e->getMessage(), 'no space left') ? 'full' : $e->getMessage();
        }
    }
    echo implode("\n", array_unique($outcomes) ?: ['full']), "\n";
    // As soon as there is space, the copy is a store like any other.
    unlink("$argv[1]/ballast");
    var_dump($s->x, strlen($s->y));
    $s->z = 1;
    var_dump((new Sync("$argv[1]/store"))->z);
    PHP, scratch('mounted'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
full
int(1)
int(100000)
int(1)
