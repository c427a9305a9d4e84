--TEST--
A holder that may not search the folder for a moment gets an exception, and still holds the lock afterwards
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('folder'));
chmod(scratch('folder'), 0777);
$s = new Sync(scratch('folder/store'));
$s->x = 1;
chmod(scratch('folder/store'), 0666);
if (posix_getuid() === 0) {
    chown(scratch('folder'), 65534);
}
$holder = Peer::fork(function (Peer $parent) {
    if (posix_getuid() === 0) {
        posix_initgroups('nobody', 65534);
        posix_setgid(65534) && posix_setuid(65534) || exit(99);
    }
    $s = new Sync(scratch('folder/store'));
    $s->lock(0.2);
    chmod(scratch('folder'), 0);
    $tried = 0;
    do {
        // At the next tick of the clock.
        try {
            $s->x;
            $said = '';
        } catch (SyncException $e) {
            $said = strstr($e->getMessage(), '. ', true);
        }
    } while ($said === '' && $tried++ < 10_000_000);
    echo shown($said), "\n";
    attempt(function () use ($s) {
        try {
            $s->x = 2;
        } catch (SyncException $e) {
            throw new Exception(strstr($e->getMessage(), '. ', true));
        }
    });
    chmod(scratch('folder'), 0777);
    $parent->tell('closed for a moment');
    $parent->hear();
    $s->x++;
    $s->unlock();
});
$holder->hear();
attempt(fn () => $s->x);
$holder->tell();
echo $holder->end(), "\n";
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
File '{dir}/folder/store' is not readable
Exception: File '{dir}/folder/store' is not readable
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.2 second(s). The lock on '{dir}/folder/store' is held by process %d.
exit 0
int(2)
