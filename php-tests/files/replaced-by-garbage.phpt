--TEST--
A file that is replaced by one that is no store is an exception, and left untouched
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
file_put_contents(scratch('text'), 'not a store');
rename(scratch('text'), scratch());
foreach ([fn () => $s->x, fn () => $s->x = 2] as $access) {
    try {
        $access();
        echo "no exception\n";
    } catch (SyncException $e) {
        echo "refused\n";
    }
}
echo file_get_contents(scratch()), "\n";
unlink(scratch());
$s->x = 3;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
refused
refused
not a store
int(3)
