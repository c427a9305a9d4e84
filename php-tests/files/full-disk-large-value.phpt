--TEST--
A value too large for the disk is an exception, and the space tried for it is free again
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

in_namespace(<<<'PHP'
    mkdir($argv[1]);
    passthru('mount -t tmpfs -o size=4m none ' . escapeshellarg($argv[1]));
    $s = new Sync("$argv[1]/store");
    $s->x = 1;
    for ($i = 0; $i < 5; $i++) {
        try {
            $s->large = str_repeat('l', 5_000_000);
            echo "no exception\n";
        } catch (SyncException $e) {
            echo str_contains($e->getMessage(), 'no space left') ? "full\n" : $e->getMessage();
        }
    }
    $s->small = str_repeat('s', 1_000_000);
    file_put_contents("$argv[1]/other", str_repeat('o', 1_000_000));
    var_dump($s->x, strlen($s->small), isset($s->large), filesize("$argv[1]/other"));
    PHP, scratch('mounted'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
full
full
full
full
full
int(1)
int(1000000)
bool(false)
int(1000000)
