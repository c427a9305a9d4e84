--TEST--
A message says why a process cannot use a file: a read-only mount, a sticky folder, a link that leads nowhere, a group
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) {
    die('skip needs root, who may become somebody else');
}
exec('unshare -m true 2>/dev/null', $output, $code);
if ($code !== 0) {
    die('skip no namespaces may be made here');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;

echo "a mount for reading only\n";
in_namespace(<<<'CODE'
exec("mount --bind $argv[1] $argv[1] && mount -o remount,ro,bind $argv[1]", $output, $code);
if ($code !== 0) {
    echo "no mount\n";
}
foreach (['store', 'new'] as $name) {
    $s = new Sync("$argv[1]/$name");
    foreach ([fn () => $s->x, fn () => $s->x = 1, fn () => $s->destroy()] as $access) {
        try {
            var_dump($access());
        } catch (SyncException $e) {
            echo str_replace($argv[1], '{dir}', $e->getMessage()), "\n";
        }
    }
}
CODE, scratch_directory());

echo "a sticky folder\n";
mkdir(scratch('sticky'));
chmod(scratch('sticky'), 01777);
$s = new Sync(scratch('sticky/store'));
$s->x = 1;
chmod(scratch('sticky/store'), 0666);
as_nobody(function () use ($s) {
    $s->x = 2;
    attempt(fn () => $s->destroy());
    var_dump($s->x);
});

echo "a link that leads nowhere\n";
symlink(scratch('gone/store'), scratch('link'));
attempt(fn () => (new Sync(scratch('link')))->set('x', 1));
mkdir(scratch('gone'));
(new Sync(scratch('link')))->set('x', 1);
var_dump(is_file(scratch('gone/store')));

echo "a group\n";
// A user without a name here has a number.
chown(scratch(), 4_000_000);
chgrp(scratch(), 4_000_001);
chmod(scratch(), 0640);
as_nobody(fn () => attempt(fn () => (new Sync(scratch()))->get('x')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
a mount for reading only
int(1)
File '{dir}/store' is not writable. Its file system is mounted for reading only.
File '{dir}/store' is not writable. Its file system is mounted for reading only.
NULL
Directory '{dir}' does not exist or is not writable. Its file system is mounted for reading only.
NULL
a sticky folder
SyncException: Directory '{dir}/sticky' does not exist or is not writable. It belongs to root:root with mode 1777, and this process runs as %s:%s: nobody may remove somebody else's file there, and this one is root's.
int(2)
a link that leads nowhere
SyncException: Directory '{dir}/gone' does not exist or is not writable.
bool(true)
a group
SyncException: File '{dir}/store' is not readable. It belongs to 4000000:4000001 with mode 0640, and this process runs as %s:%s. Let this process in by chmod or chgrp (new files get the mode of sync.file_mode, less the umask of the program that makes them).
