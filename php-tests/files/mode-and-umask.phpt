--TEST--
A new file is as readable and writable as the umask allows, and never executable
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach ([0022, 0077, 0000] as $umask) {
    umask($umask);
    $s = new Sync(scratch("store-$umask"));
    $s->x = 1;
    printf("%04o\n", fileperms(scratch("store-$umask")) & 07777);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0644
0600
0666
