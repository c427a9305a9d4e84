--TEST--
A copy with the same inode number as its original is checked before it is used
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its bytes');
exec('unshare ' . (posix_getuid() === 0 ? '-m' : '-Urm') . ' mount -t tmpfs none /mnt 2>/dev/null', $output, $code);
if ($code !== 0) die('skip nothing may be mounted here');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

putenv('PEER=' . realpath(__DIR__ . '/../include/peer.inc'));
in_namespace(<<<'PHP'
    require getenv('PEER');
    $directory = dirname($argv[1]);
    mkdir("$directory/mounted");
    // The first file of a new tmpfs has the same number each time.
    $mount = fn () => passthru(escapeshellcmd("mount -t tmpfs none $directory/mounted"));
    $file = "$directory/mounted/store";
    $php = fn (string $code) => Peer::php('$s = new Sync($argv[1]);' . $code, $file)->end();

    $mount();
    echo $php('for ($i = 0; $i < 100; $i++) $s->{"k$i"} = "value $i";'), "\n";
    $number = fileinode($file);
    $image = file_get_contents($file);
    passthru(escapeshellcmd("umount $directory/mounted"));

    // A copy is made while a process writes: its index may be from another moment than its records. The index
    // blocks are the runs of kind 19 (docs/format.md).
    for ($at = 0; $at < strlen($image); $at += $length) {
        $length = 6 + unpack('N', $image, $at + 1)[1];
        if (ord($image[$at + 5]) === 19) {
            $image = substr_replace($image, str_repeat("\0", $length - 64), $at + 64, $length - 64);
        }
    }
    $mount();
    file_put_contents($file, $image);
    var_dump($number === fileinode($file));
    echo $php('var_dump($s->k50, count($s)); $s->k50 = "new"; var_dump($s->k50, $s->k99);'), "\n";
    PHP, scratch());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
bool(true)
string(8) "value 50"
int(100)
string(3) "new"
string(8) "value 99"
exit 0
