--TEST--
Scripts that catch \Exception go on working
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

try {
    $sync = new \Sync(scratch('missing/demo.sync'));
    $sync->x = 1;
} catch (\Exception $e) {
    echo $e->getMessage() === sprintf("Directory '%s' does not exist or is not writable.", scratch('missing')) ? "caught\n" : $e->getMessage();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
caught
