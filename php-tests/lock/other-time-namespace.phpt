--TEST--
A holder whose clock counts from another time than ours holds the lock, and is noticed when it dies
--SKIPIF--
<?php
$rights = posix_getuid() === 0 ? '' : '-Ur';
exec("unshare $rights --fork --time --boottime 1000 -- true 2>&1", $output, $status);
if ($status) {
    echo 'skip no time namespaces: ', implode(' ', $output);
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$code = <<<'PHP'
    $s = new Sync($argv[1]);
    $s->lock(1);
    $parent->tell('locked');
    $parent->hear();
    $s->x = 'from the holder';
    $s->unlock();
    $parent->tell('unlocked');
    $parent->hear();
    try {
        $s->x = 'not to be had';
    } catch (SyncException $e) {
        $parent->tell(get_class($e));
    }
    $s->lock(1);
    $parent->tell('locked');
    $parent->hear();
    PHP;
$code = 'require ' . var_export(realpath(__DIR__ . '/../include/peer.inc'), true) . '; $parent = Peer::parent();' . $code;
$rights = posix_getuid() === 0 ? [] : ['-Ur'];
$peer = Peer::start(['unshare', ...$rights, '--fork', '--kill-child', '--time', '--boottime', '100000', '--', ...php_command(), '-r', $code, '--', scratch()]);
echo $peer->hear(), "\n";

$s = new Sync(scratch());
attempt(fn () => $s->x);
attempt(fn () => $s->x = 1);
$peer->tell();
echo $peer->hear(), "\n", $s->x, "\n";
$s->lock(1);
$peer->tell();
echo $peer->hear(), "\n";
$s->unlock();
echo $peer->hear(), "\n";
$peer->kill();
echo $s->x, "\n", $peer->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
locked
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
SyncLockTimeoutException: Can't access shared object, it is still locked after 1 second(s). The lock on '{dir}/store' is held by process %d.
unlocked
from the holder
SyncLockTimeoutException
locked
from the holder
signal 9
