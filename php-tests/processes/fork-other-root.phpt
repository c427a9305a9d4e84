--TEST--
A forked process with another root directory finds the files of its own objects there, and not its parent's
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0 || !function_exists('chroot')) die('skip needs root, and a PHP that can change the root directory');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('real'));
$own = new Sync(scratch('real/store'));
$own->n = 4;
$own->list = [1, 2];
echo Peer::fork(function () use ($own) {
    chroot(scratch_directory());
    chdir('/');
    $mine = new Sync('/real/store');
    echo $mine->n, ' ', ++$mine->n, ' ', count($mine->list), "\n";
    foreach (range(1, 50) as $n) {
        $mine->$n = str_repeat('x', 100_000);
    }
    var_dump(isset($own->n));
    attempt(fn () => $own->n = 0);
    $mine->lock();
    $mine->done = true;
    $mine->unlock();
})->end(), "\n";
var_dump($own->n, $own->done, count($own));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
4 5 2
bool(false)
SyncException: Directory '{dir}/real' does not exist or is not writable.
exit 0
int(5)
bool(true)
int(53)
