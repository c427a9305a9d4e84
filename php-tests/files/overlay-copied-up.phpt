--TEST--
A reader that opened a file before an overlay copied it up goes over to the copy that others write to
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its file system');
if (posix_getuid() !== 0) die('skip needs root: others may write to all that they can mount');
$try = 'mount -t tmpfs none /mnt && cd /mnt && mkdir l u w m && mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m';
exec("unshare -m sh -c '$try' 2>/dev/null", $output, $code);
if ($code !== 0) die('skip no overlay may be mounted here');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

putenv('PEER=' . realpath(__DIR__ . '/../include/peer.inc'));
in_namespace(<<<'PHP'
    require getenv('PEER');
    // Mounted in this namespace only. (Absolute paths: a thread-safe PHP has a working directory of its own.)
    passthru('mount -t tmpfs none /mnt');
    array_map(mkdir(...), ['/mnt/lower', '/mnt/upper', '/mnt/work', '/mnt/merged']);
    $write = fn (string $file, string $value) => Peer::php('$s = new Sync($argv[1]); $s->x = $argv[2];', $file, $value)->end();
    echo $write('/mnt/lower/store', 'lower'), "\n";
    chmod('/mnt/lower/store', 0644);
    passthru('mount -t overlay none -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/merged');

    $reader = Peer::php(<<<'READER'
        posix_initgroups('nobody', 65534);
        posix_setgid(65534) && posix_setuid(65534) || exit(99);
        $s = new Sync('/mnt/merged/store');
        for (;;) {
            $parent->tell($s->x . ' ' . (new Sync('/mnt/merged/store'))->x);
            $parent->hear();
        }
        READER);
    echo $reader->hear(), "\n";
    foreach (['upper', 'again'] as $value) {
        echo $write('/mnt/merged/store', $value), ' ';
        $reader->tell();
        echo $reader->hear(), "\n";
    }
    $own = new Sync('/mnt/merged/store');
    $own->x = 'own';
    $reader->tell();
    echo $reader->hear(), "\n";
    $reader->kill();
    PHP, scratch());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
lower lower
exit 0 upper upper
exit 0 again again
own own
