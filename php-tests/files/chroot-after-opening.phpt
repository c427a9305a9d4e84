--TEST--
After chroot() a path is one in the new root, also to an object that was used before
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0 || !function_exists('chroot')) {
    die('skip this process may not change its root');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('root'));
$s = new Sync(scratch('root/store'));
$s->x = 'shared';
$locked = new Sync(scratch('root/locked'));
$locked->lock();
$end = Peer::fork(function () use ($s) {
    $used = new Sync(scratch('root/store'));
    $used->x;
    $holder = new Sync(scratch('root/held'));
    $holder->lock();
    chroot(scratch('root'));
    // There is no file at that path in the new root; the object notices at the next tick of the clock.
    for ($deadline = hrtime(true) + PATIENCE * 1_000_000_000; $used->x !== null && hrtime(true) < $deadline;);
    var_dump($used->x, isset($used->x));
    attempt(fn () => $used->x = 1);
    attempt(fn () => $holder->x);
    // The path as it is inside the new root names the same file.
    $inside = new Sync('/store');
    var_dump($inside->x);
    $inside->x = 'from inside';
    (new Sync('/new'))->set('x', 'made inside');
})->end();
var_dump($end, $s->x, (new Sync(scratch('root/new')))->x);
// Another process's lock counts there, too.
$locked->lock(0.1);
Peer::fork(function () {
    chroot(scratch('root'));
    attempt(fn () => (new Sync('/locked'))->x);
})->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
NULL
bool(false)
SyncException: Directory '{dir}/root' does not exist or is not writable.
SyncException: The lock on '{dir}/root/held' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
string(6) "shared"
string(6) "exit 0"
string(11) "from inside"
string(11) "made inside"
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on '/locked' is held by %s.
