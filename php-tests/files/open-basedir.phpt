--TEST--
open_basedir is honoured, by the constructor and by setFile()
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('inside/store'));
mkdir(scratch('inside'));
ini_set('open_basedir', scratch('inside'));
$s->x = 1;
var_dump($s->x);
foreach ([fn () => (new Sync(scratch('store')))->x, fn () => (new Sync(scratch('inside/../store')))->set('x', 1), fn () => $s->setFile(scratch('store'))->x] as $access) {
    try {
        @$access();
        echo "no exception\n";
    } catch (SyncException $e) {
        echo str_contains($e->getMessage(), 'open_basedir') ? "refused\n" : $e->getMessage() . "\n";
    }
}
var_dump($s->setFile(scratch('inside/store'))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
refused
refused
refused
int(1)
