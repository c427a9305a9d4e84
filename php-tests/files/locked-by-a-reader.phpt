--TEST--
A process that may only read a file delays by flock() neither its creation nor its first use as a copy nor destroy()
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('there'));
$s->x = 1;
copy(scratch('there'), scratch('copy'));
touch(scratch('empty'));
$files = array_map(scratch(...), ['there', 'copy', 'empty']);
array_map(fn ($file) => chmod($file, 0644), $files);
$reader = Peer::fork(function (Peer $parent) use ($files) {
    if (posix_getuid() === 0) {
        posix_initgroups('nobody', 65534);
        posix_setgid(65534) && posix_setuid(65534) || exit(99);
    }
    $locked = array_map(fn ($file) => fopen($file, 'r'), $files);
    $parent->tell(json_encode(array_map(fn ($file) => flock($file, LOCK_EX), $locked)));
    $parent->hear();
});
echo $reader->hear(), "\n";
// Ends a wait that should not happen.
pcntl_async_signals(true);
pcntl_signal(SIGALRM, function () use ($reader) {
    echo "it waits\n";
    $reader->kill();
});
pcntl_alarm(20);
foreach ($files as $file) {
    $s = new Sync($file);
    $s->y = 2;
    var_dump(count($s));
    $s->destroy();
    var_dump(file_exists($file), $s->y);
    $s->z = 3;
    var_dump(count($s));
}
pcntl_alarm(0);
$reader->tell();
echo $reader->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[true,true,true]
int(2)
bool(false)
NULL
int(1)
int(2)
bool(false)
NULL
int(1)
int(1)
bool(false)
NULL
int(1)
exit 0
