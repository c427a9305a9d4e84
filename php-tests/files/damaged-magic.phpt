--TEST--
A store whose first bytes were damaged is an exception that names it, and is left untouched
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
unset($s);
$whole = file_get_contents(scratch());
for ($i = 0; $i < 8; $i++) {
    $damaged = $whole;
    $damaged[$i] = $damaged[$i] ^ "\xff";
    file_put_contents(scratch('damaged'), $damaged);
    foreach ([fn (Sync $s) => $s->x, fn (Sync $s) => $s->x = 2] as $access) {
        $s = new Sync(scratch('damaged'));
        try {
            $access($s);
            echo "byte $i: no exception\n";
        } catch (SyncException $e) {
            if (!str_contains($e->getMessage(), "'" . scratch('damaged') . "'")) {
                echo "byte $i: {$e->getMessage()}\n";
            }
        }
        unset($s, $e);
        if (file_get_contents(scratch('damaged')) !== $damaged) {
            echo "byte $i: changed\n";
        }
    }
    unlink(scratch('damaged'));
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
