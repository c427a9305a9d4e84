--TEST--
After chroot() the next object, and the next access of one that is open, finds what its path means in the new root
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0 || !function_exists('chroot')) die('skip needs root, and a PHP that can change the root directory');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('1'));
(new Sync(scratch('1/store')))->set('x', 1);
echo Peer::fork(function () {
    $path = scratch('1/store');
    $kept = new Sync($path);
    mkdir(scratch('root' . dirname($path)), 0777, true);
    (new Sync(scratch("root$path")))->set('x', 'inside');
    echo 'chroot: ', (new Sync($path))->x, ' ', $kept->x, ' ';
    chroot(scratch('root'));
    echo (new Sync($path))->x, ' ', $kept->x, "\n";
})->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
chroot: 1 1 inside inside
exit 0
