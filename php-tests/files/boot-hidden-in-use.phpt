--TEST--
A process that cannot see the id of the boot leaves a file alone that others use: locks are kept and nothing is lost
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its boot'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
$s->lock(1);
$hidden = <<<'PHP'
    require getenv('PEER');
    passthru('mount --bind /dev/null /proc/sys/kernel/random/boot_id');
    $parent = Peer::parent();
    $try = function (Closure $body) use ($parent) {
        try {
            $body(new Sync($_SERVER['argv'][1]));
            $parent->tell('done');
        } catch (Throwable $e) {
            $parent->tell(get_class($e));
        }
    };
    $try(fn ($s) => $s->n);
    $try(fn ($s) => $s->n = 'not to be had');
    $parent->hear();
    for ($i = 0; $i < 500; $i++) {
        $s = new Sync($argv[1]);
        $s->n++;
        if (($last ?? -1) >= $last = $s->n) {
            $parent->tell("it went back to $last");
        }
        unset($s);
    }
    $parent->tell('incremented');
    PHP;
putenv('PEER=' . realpath(__DIR__ . '/../include/peer.inc'));
$rights = posix_getuid() === 0 ? '-m' : '-Urm';
$peer = Peer::start(['unshare', $rights, '--', ...php_command(), '-r', $hidden, '--', scratch()]);
echo $peer->hear(), "\n", $peer->hear(), "\n";
$s->unlock();
$peer->tell();
for ($i = 0; $i < 20_000; $i++) {
    $s->n++;
}
echo $peer->hear(), "\n";
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncLockTimeoutException
SyncLockTimeoutException
incremented
int(20500)
