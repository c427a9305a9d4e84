--TEST--
A serialized file that is not the original's is an exception, and left untouched
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach ([(object) ['a' => 1], (object) ['data' => [1]], new ArrayObject, [1], 'text', (object) []] as $i => $value) {
    file_put_contents(scratch(), $content = serialize($value));
    foreach ([fn (Sync $s) => $s->a, fn (Sync $s) => $s->x = 1, fn (Sync $s) => $s->getData(), fn (Sync $s) => $s->destroy()] as $j => $access) {
        try {
            $access(new Sync(scratch()));
            echo "$i, $j: no exception\n";
        } catch (SyncException $e) {
        }
        if (!scratch_exists() || file_get_contents(scratch()) !== $content) {
            echo "$i, $j: changed\n";
            file_put_contents(scratch(), $content);
        }
    }
}
file_put_contents(scratch(), $content = substr(serialize((object) ['data' => (object) ['x' => 1], 'lock' => false]), 0, -10));
try {
    (new Sync(scratch()))->x;
    echo "cut short: no exception\n";
} catch (SyncException $e) {
    var_dump(file_get_contents(scratch()) === $content);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
