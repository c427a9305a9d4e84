--TEST--
After another boot everything is checked; a store that is whole is used without a warning
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($i = 0; $i < 100; $i++) {
    $s->{"k$i"} = str_repeat("$i.", $i * 10);
}
unset($s->k50);
unset($s);
// The id of the boot stands at offset 64 of the header (docs/format.md).
// A file that no process has open: one in use is of this boot, whatever its header says.
file_put_contents(scratch('image'), substr_replace(file_get_contents(scratch()), random_bytes(16), 64, 16));
rename(scratch('image'), scratch());
Peer::php(<<<'PHP'
    $s = new Sync($argv[1]);
    var_dump(count((array) $s->getData()), $s->k99 === str_repeat('99.', 990), isset($s->k50));
    $s->k50 = 'written';
    var_dump((new Sync($argv[1]))->k50);
    PHP, scratch())->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(99)
bool(true)
bool(false)
string(7) "written"
