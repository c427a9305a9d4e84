--TEST--
A page and a task of two users share a file in a folder of their group; a third user is refused, and told why
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) die('skip needs root');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const GROUP = 12345, TASK = 12001, PAGE = 12002, STRANGER = 12003;

// As install -d -o app -g shared -m 2770 does.
$folder = scratch_directory() . '/shared';
mkdir($folder);
chown($folder, TASK);
chgrp($folder, GROUP);
chmod($folder, 02770);
chmod(scratch_directory(), 0711);

/** A process of this user, whose first group is its own, with others beside that. */
$as = fn (int $user, array $groups, Closure $body) => Peer::fork(function (Peer $parent) use ($user, $groups, $body, $folder) {
    posix_initgroups('nobody', $groups[0] ?? $user) && posix_setgid($user) && posix_setuid($user) || exit(99);
    umask(0007);
    ini_set('sync.file_mode', '0660');
    $body($parent, "$folder/app.sync");
});

$task = $as(TASK, [GROUP], function (Peer $parent, string $file) {
    $sync = new Sync($file);
    $sync->progress = 1;
    $parent->tell('has begun');
    $sync->waitFor('cancel', fn ($cancel) => $cancel === true);
    $sync->progress = 2;
    $sync->push('log', 'cancelled');
    $parent->tell('was cancelled');
});
echo 'the task ', $task->hear(), "\n";
clearstatcache();
printf("%d:%d %o\n", fileowner("$folder/app.sync"), filegroup("$folder/app.sync"), fileperms("$folder/app.sync") & 07777);

echo $as(PAGE, [GROUP], function (Peer $parent, string $file) {
    $sync = new Sync($file);
    echo "the page reads $sync->progress\n";
    $sync->cancel = true;
    $sync->lock();
    $sync->push('log', 'by the page');
    $sync->unlock();
})->end(), "\n";
echo 'the task ', $task->hear(), "\n", $task->end(), "\n";

// In the group of neither; then one who comes into the folder, but not into the file.
$stranger = function (Peer $parent, string $file) {
    attempt(fn () => print((new Sync($file))->progress));
};
echo $as(STRANGER, [], $stranger)->end(), "\n";
chmod($folder, 02771);
echo $as(STRANGER, [], $stranger)->end(), "\n";

$sync = new Sync("$folder/app.sync");
echo $sync->progress, ' ', count($sync->log), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
the task has begun
12001:12345 660
the page reads 1
exit 0
the task was cancelled
exit 0
SyncException: File '{dir}/shared/app.sync' is not readable. The directory '{dir}/shared' belongs to 12001:12345 with mode 2770, and this process runs as 12003:12003, so that it may not be searched.
exit 0
SyncException: File '{dir}/shared/app.sync' is not readable. It belongs to 12001:12345 with mode 0660, and this process runs as 12003:12003. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
exit 0
2 2
