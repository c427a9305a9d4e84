--TEST--
Two hundred objects on one file need no more memory or files than one
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$before = count(scandir('/proc/self/fd'));
$all = [];
for ($i = 0; $i < 200; $i++) {
    $all[$i] = new Sync(scratch());
    $all[$i]->{"k$i"} = $i;
}
var_dump(count(scandir('/proc/self/fd')) - $before < 5);
$maps = substr_count(file_get_contents('/proc/self/maps'), scratch());
var_dump($maps >= 1 && $maps < 5, count((array) $all[0]->getData()), $all[199]->k0);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
int(200)
int(0)
