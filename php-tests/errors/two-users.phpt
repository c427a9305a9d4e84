--TEST--
A file that root has made with the usual umask: another user reads it, and a write says who may, who asks, and what to do
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) {
    die('skip needs root, who may become somebody else');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

umask(022);
$task = new Sync(scratch());
$task->progress = 42;

$page = function () {
    $s = new Sync(scratch());
    var_dump($s->progress);
    foreach ([fn () => $s->progress = 43, fn () => $s->lock(), fn () => $s->increment('progress'), fn () => $s->transaction(fn () => $s->progress = 43)] as $write) {
        attempt($write);
    }
};
as_nobody($page);

echo "sync.file_mode, and the same umask\n";
$task->destroy();
ini_set('sync.file_mode', '0666');
(new Sync(scratch()))->set('progress', 1);
printf("%04o\n", fileperms(scratch()) & 07777);

echo "the remedies: chmod, at once; umask\n";
$task = new Sync(scratch());
chmod(scratch(), 0666);
as_nobody(fn () => (new Sync(scratch()))->set('progress', 2));
var_dump($task->progress);
$task->destroy();
umask(0);
(new Sync(scratch()))->set('progress', 3);
as_nobody(fn () => (new Sync(scratch()))->set('progress', 4));
var_dump($task->progress);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(42)
SyncException: File '{dir}/store' is not writable. It belongs to root:root with mode 0644, and this process runs as nobody:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to root:root with mode 0644, and this process runs as nobody:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to root:root with mode 0644, and this process runs as nobody:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
SyncException: File '{dir}/store' is not writable. It belongs to root:root with mode 0644, and this process runs as nobody:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
sync.file_mode, and the same umask
0644
the remedies: chmod, at once; umask
int(2)
int(4)
