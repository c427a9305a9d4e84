--TEST--
sync.file_mode sets the permissions of new files, under the umask
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

umask(0022);
ini_set('sync.file_mode', '0660');
(new Sync(scratch('a')))->set('x', 1);
ini_set('sync.file_mode', '0600');
(new Sync(scratch('b')))->set('x', 1);
printf("%04o %04o\n", fileperms(scratch('a')) & 07777, fileperms(scratch('b')) & 07777);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0640 0600
