--TEST--
On a full disk removing works, one name at a time, in whichever way, and after it there is room
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

in_namespace(<<<'PHP'
    mkdir($argv[1]);
    passthru('mount -t tmpfs -o size=300k none ' . escapeshellarg($argv[1]));
    $names = fn (Sync $s) => $s->keys('fill');
    $ways = [
        'remove' => fn (Sync $s) => array_map($s->remove(...), $names($s)),
        'pull' => fn (Sync $s) => array_map($s->pull(...), $names($s)),
        'touch' => fn (Sync $s) => array_map(fn ($name) => $s->touch($name, 0), $names($s)),
        'lock' => function (Sync $s) use ($names) {
            $s->lock();
            foreach ($names($s) as $name) {
                unset($s->$name);
            }
            $s->unlock();
        },
    ];
    foreach ($ways as $way => $make_room) {
        $s = new Sync("$argv[1]/store");
        $n = 0;
        foreach ([40_000, 2_000, 100, 10, 1] as $size) {
            try {
                while (true) {
                    $s->{'fill' . $n++} = random_bytes($size);
                }
            } catch (SyncException) {
            }
        }
        try {
            $make_room($s);
            $s->after = random_bytes(60_000);
            echo $way, ': ', count($names($s)), ' names, and room for others: ', strlen($s->after), "\n";
        } catch (SyncException $e) {
            echo $way, ': ', $e->getMessage(), "\n";
        }
        $s->destroy();
    }
    PHP, scratch('mounted'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
remove: 0 names, and room for others: 60000
pull: 0 names, and room for others: 60000
touch: 0 names, and room for others: 60000
lock: 0 names, and room for others: 60000
