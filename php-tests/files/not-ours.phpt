--TEST--
A file that is no store is an exception that names it, and is left untouched
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$contents = [
    'text' => "This is not a store.\n",
    'one byte' => "\0",
    'zeros' => str_repeat("\0", 100_000),
    'ff' => str_repeat("\xff", 4096),
    'png' => "\x89PNG\r\n\x1a\n" . str_repeat('x', 5000),
    'php' => '<?php echo 1;',
    'json' => '{"data": {}}',
    'messagepack' => "\x81\xa1x\x01",
    'serialized' => serialize([1, 2, 3]),
    'sqlite' => "SQLite format 3\0" . str_repeat("\0", 5000),
];
$accesses = [
    'read' => fn (Sync $s) => $s->x,
    'isset' => fn (Sync $s) => isset($s->x),
    'write' => fn (Sync $s) => $s->x = 1,
    'unset' => fn (Sync $s) => $s->remove('x'),
    'getData' => fn (Sync $s) => $s->getData(),
    'setData' => fn (Sync $s) => $s->setData(new stdClass),
    'lock' => fn (Sync $s) => $s->lock(),
    'destroy' => fn (Sync $s) => $s->destroy(),
];
foreach ($contents as $what => $content) {
    foreach ($accesses as $how => $access) {
        file_put_contents(scratch(), $content);
        $s = new Sync(scratch());
        try {
            $access($s);
            echo "$what, $how: no exception\n";
        } catch (SyncException $e) {
            if (!str_contains($e->getMessage(), "'" . scratch() . "'")) {
                echo "$what, $how: {$e->getMessage()}\n";
            }
        }
        unset($s, $e);
        if (file_get_contents(scratch()) !== $content) {
            echo "$what, $how: changed\n";
        }
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
