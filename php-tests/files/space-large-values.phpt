--TEST--
Large values that are overwritten and removed give their space back
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($i = 0; $i < 20; $i++) {
    $s->large = str_repeat(chr(65 + $i), 10_000_000);
}
clearstatcache();
var_dump(stat(scratch())['blocks'] * 512 < 2 * 10_000_000 + (1 << 20));
unset($s->large);
$s->x = 1;
clearstatcache();
var_dump(stat(scratch())['blocks'] * 512 <= 1 << 20);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
