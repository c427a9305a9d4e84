--TEST--
A forked process finds its files by the paths of its own objects, by whichever path a file was first opened
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0) die('skip needs root, to give up its rights');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('real'));
mkdir(scratch('other'));
symlink(scratch('real'), scratch('link'));
$first = new Sync(scratch('link/store'));
$first->n = 1;
$own = new Sync(scratch('real/store'));
$own->n++;

// A symbolic link that is changed, before the fork and after it.
foreach ([true, false] as $before) {
    $move = function (string $to) {
        unlink(scratch('link'));
        symlink(scratch($to), scratch('link'));
    };
    $before && $move('other');
    echo Peer::fork(function () use ($own, $first, $before, $move) {
        $before || $move('other');
        echo $own->n, ' ', $own->n++, ' ', json_encode(isset($first->n)), "\n";
        $own->lock(1);
        $own->list[] = 1;
        $own->unlock();
        $first->elsewhere = true;
    })->end(), "\n";
    var_dump($own->n, (new Sync(scratch('other/store')))->elsewhere);
    $move('real');
}
// Without the parent's rights: the inherited mapping does not bypass permissions.
chmod(scratch('real/store'), 0644);
as_nobody(function () use ($own) {
    echo $own->n, ' ', count($own->list), "\n";
    try {
        $own->n = 0;
    } catch (SyncException $e) {
        echo preg_match('/store. is not writable/', $e->getMessage()), "\n";
    }
    echo $own->n, "\n";
});
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
2 2 false
exit 0
int(3)
bool(true)
3 3 false
exit 0
int(4)
bool(true)
4 2
1
4
