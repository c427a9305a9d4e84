--TEST--
destroy() through symbolic links removes the file that they lead to, and leaves the links
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('real'));
symlink('real', scratch('folder'));
symlink('folder/store', scratch('inner'));
symlink(scratch('inner'), scratch('outer'));
$real = new Sync(scratch('real/store'));
$link = new Sync(scratch('outer'));
$real->x = 1;
$link->destroy();
var_dump(is_link(scratch('outer')), is_link(scratch('inner')), file_exists(scratch('real/store')));
var_dump($real->x, $link->x);

// Both names lead to one store, also from then on.
$link->x = 2;
var_dump($real->x, file_exists(scratch('real/store')), is_link(scratch('inner')));
$real->destroy();
var_dump($link->x, is_link(scratch('outer')), scandir(scratch('real')) === ['.', '..']);

// Destroyed by a process that has not opened the file before; a hard link is another name.
$real->x = 3;
link(scratch('real/store'), scratch('hard'));
Peer::php('(new Sync($argv[1]))->destroy();', scratch('outer'))->end();
var_dump(file_exists(scratch('real/store')), is_link(scratch('outer')), $real->x, $link->x);

// A link whose target is relative to the working directory.
$real->x = 4;
chdir(scratch_directory());
(new Sync('inner'))->destroy();
var_dump($real->x, is_link('inner'), file_exists('real/store'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
NULL
NULL
int(2)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(false)
bool(true)
NULL
NULL
NULL
bool(true)
bool(false)
