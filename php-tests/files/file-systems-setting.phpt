--TEST--
sync.file_systems says on which file systems a file may lie, by name, number or star; others are refused, untouched
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

var_dump(ini_get('sync.file_systems'));
$first = new Sync(scratch());
$first->x = 1;
foreach (['tmpfs', ' ext4 ,TMPFS', '0x1021994', '0x01021994', '16914836', '*', 'tmpfs,,'] as $list) {
    ini_set('sync.file_systems', $list);
    if ((new Sync(scratch()))->x !== 1) {
        echo "'$list' does not allow it\n";
    }
}
foreach (['', 'ext4, xfs', 'tmp', '0x1234', 'overlayfs'] as $list) {
    ini_set('sync.file_systems', $list);
    $s = new Sync(scratch());
    try {
        $s->x;
        echo "'$list' allows it\n";
    } catch (SyncException) {
    }
}
// A file that is open for one object is still refused to an object that does not allow its file system.
attempt(fn () => $s->x);
attempt(fn () => $s->x = 2);
attempt(fn () => isset($s->x));
attempt(fn () => $s->destroy());
var_dump($first->x);
// No file is created on a file system where it could not be used.
$new = new Sync(scratch('new'));
attempt(fn () => $new->x = 1);
symlink(scratch('newer'), scratch('link'));
attempt(fn () => (new Sync(scratch('link')))->set('x', 1));
var_dump(file_exists(scratch('new')), file_exists(scratch('newer')));
// It counts for the objects that are made after it, their clones and other files included.
attempt(fn () => (clone $s)->x);
ini_restore('sync.file_systems');
attempt(fn () => $s->x);
var_dump((clone $first)->x, $first->setFile(scratch('new'))->x);
// A file of the pure-PHP class cannot be converted there.
file_put_contents(scratch('old'), serialize((object) ['x' => 1]));
ini_set('sync.file_systems', 'ext4');
attempt(fn () => (new Sync(scratch('old')))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(74) "tmpfs, ramfs, ext2, ext3, ext4, xfs, btrfs, f2fs, bcachefs, zfs, overlayfs"
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
int(1)
SyncException: Can't open '{dir}/new' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
SyncException: Can't open '{dir}/link' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
bool(false)
bool(false)
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
SyncException: Can't open '{dir}/store' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
int(1)
NULL
SyncException: Can't open '{dir}/old' file: it is on tmpfs, a file system that is not known to show every process at once what another one writes. Choose a file on one of those that the setting sync.file_systems lists, such as /dev/shm; or, where nobody uses it from another machine, add tmpfs to that setting.
