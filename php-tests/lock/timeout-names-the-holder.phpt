--TEST--
A time-out names the file and the holder's process, but no process of another pid namespace
--SKIPIF--
<?php
exec('unshare -Urpf true 2>/dev/null || unshare -pf true 2>/dev/null', $output, $code);
if ($code !== 0) {
    die('skip no namespaces may be made here');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->lock(0.1);
    $parent->tell('locked');
    $parent->hear();
});
$holder->hear();
try {
    $s->x;
} catch (SyncLockTimeoutException $e) {
    echo str_replace([scratch(), $holder->pid()], ['{file}', '{pid}'], $e->getMessage()), "\n";
}
$holder->tell();
echo $holder->end(), "\n";

// In another pid namespace its number means another process, or none.
$rights = posix_getuid() === 0 ? '-pf' : '-Urpf';
$code = 'require $argv[2]; $parent = Peer::parent(); $s = new Sync($argv[1]); $s->lock(0.1); $parent->tell("locked"); $parent->hear();';
$inside = Peer::start(['unshare', $rights, '--kill-child', '--mount-proc', '--', ...php_command(), '-r', $code, '--', scratch(), __DIR__ . '/../include/peer.inc']);
$inside->hear();
attempt(fn () => $s->x = 1);
$inside->tell();
echo $inside->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Can't access shared object, it is still locked after 0.1 second(s). The lock on '{file}' is held by process {pid}.
exit 0
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on '{dir}/store' is held by another process.
exit 0
