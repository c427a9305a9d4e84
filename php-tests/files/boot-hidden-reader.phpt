--TEST--
A process that may only read and cannot see the id of the boot reads a store, and the values that others store from then on
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its boot'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$write = fn ($value) => Peer::php('$s = new Sync($argv[1]); $s->x = $argv[2]; chmod($argv[1], 0644);', scratch(), $value)->end();
echo $write('before'), "\n";
$hidden = <<<'PHP'
    require getenv('PEER');
    passthru('mount --bind /dev/null /proc/sys/kernel/random/boot_id');
    $parent = Peer::parent();
    if (posix_getuid() === 0) {
        posix_initgroups('nobody', 65534);
        posix_setgid(65534) && posix_setuid(65534) || exit(99);
    } else {
        chmod($argv[1], 0444);
    }
    $s = new Sync($argv[1]);
    for (;;) {
        $parent->tell($s->x);
        $parent->hear();
    }
    PHP;
putenv('PEER=' . realpath(__DIR__ . '/../include/peer.inc'));
$rights = posix_getuid() === 0 ? '-m' : '-Urm';
$reader = Peer::start(['unshare', $rights, '--', ...php_command(), '-r', $hidden, '--', scratch()]);
echo $reader->hear(), "\n";

// No other process used the file then. Now one does, and goes on writing.
@chmod(scratch(), 0644);
$s = new Sync(scratch());
$looks = 0;
foreach (['one', 'two', 'three'] as $value) {
    $s->x = $value;
    do {
        $reader->tell();
    } while ($value !== ($read = $reader->hear()) && ++$looks < 1000);
    echo "$read\n";
}
unset($s);
echo $write('after'), "\n";
do {
    $reader->tell();
} while ('after' !== ($read = $reader->hear()) && ++$looks < 2000);
echo $read, "\n";
$reader->kill();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
before
one
two
three
exit 0
after
