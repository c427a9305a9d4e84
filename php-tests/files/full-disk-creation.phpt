--TEST--
On a full disk a store cannot be made; no half-made file is left behind
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

in_namespace(<<<'PHP'
    mkdir($argv[1]);
    passthru('mount -t tmpfs -o size=1m none ' . escapeshellarg($argv[1]));
    @file_put_contents("$argv[1]/ballast", str_repeat('b', 2_000_000));
    $s = new Sync("$argv[1]/store");
    try {
        $s->x = 1;
        echo "no exception\n";
    } catch (SyncException $e) {
        echo str_contains($e->getMessage(), 'no space left') ? "full\n" : $e->getMessage();
    }
    var_dump($s->x);
    unlink("$argv[1]/ballast");
    $s->x = 1;
    var_dump($s->x, (new Sync("$argv[1]/store"))->x);
    PHP, scratch('mounted'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
full
NULL
int(1)
int(1)
