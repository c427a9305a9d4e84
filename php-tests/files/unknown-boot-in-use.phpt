--TEST--
A process that cannot see the id of the boot leaves a file that is in use as it is: another process's lock is kept
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its boot');
if (posix_getuid() !== 0 || !function_exists('chroot')) die('skip needs root, and a PHP that can change the root directory');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('real'));
$own = new Sync(scratch('real/store'));
$own->n = 1;
$own->lock(1);
$peer = Peer::php('
    // /proc is hidden from the first access to the store on.
    chroot($argv[1]);
    chdir("/");
    $there = new Sync("/store");
    foreach ([fn () => $there->n, fn () => $there->n = 5] as $access) {
        try {
            $access();
            $parent->tell("went through");
        } catch (SyncLockTimeoutException) {
            $parent->tell("kept out");
        }
    }
    $parent->hear();
    $parent->tell((string) ++$there->n);
', scratch('real'));
echo $peer->hear(), ', ', $peer->hear(), "\n";
$own->n = 2;
$own->unlock();
$peer->tell();
echo $peer->hear(), ' ', $peer->end(), "\n";
var_dump($own->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
kept out, kept out
3 exit 0
int(3)
