--TEST--
One request may go through more files than a process may have open
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its descriptor');
if (getenv('USE_ZEND_ALLOC') === '0') die('skip valgrind has no address space for as many mappings');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

for ($i = 0; $i < 1500; $i++) {
    $file = scratch("file $i");
    $s = new Sync($file);
    $s->x = $i;
    if ((new Sync($file))->x !== $i) {
        echo "file $i\n";
    }
    if ($i % 2) {
        unlink($file);
    }
}
unset($s);
echo count(scandir('/proc/self/fd')) < 100 ? "closed again\n" : "still open\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
closed again
