--TEST--
A path that cannot be opened says why: Can't open '%s' file: …
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('directory'));
$s = new Sync(scratch('directory'));
attempt(fn () => $s->x = 1);
attempt(fn () => $s->x);
attempt(fn () => $s->lock());
attempt(fn () => $s->destroy());
attempt(fn () => (new Sync(''))->get('x'));

$name = str_repeat('n', 300);
$s = new Sync(scratch($name));
attempt(function () use ($s, $name) {
    try {
        $s->x;
    } catch (SyncException $e) {
        throw new Exception(str_replace($name, '{name}', $e->getMessage()));
    }
});

// A socket.
$socket = stream_socket_server('unix://' . scratch_file('socket'));
attempt(fn () => (new Sync(scratch_file('socket')))->set('x', 1));

// No more files may be opened.
file_put_contents(scratch('child.php'), <<<'PHP'
<?php
$s = new Sync($argv[1]);
while ($file = @fopen('/dev/null', 'r')) {
    $open[] = $file;
}
try {
    $s->x = 1;
} catch (SyncException $e) {
    $open = [];
    echo str_replace($argv[1], '{file}', $e->getMessage()), "\n";
}
PHP);
echo shell_exec('ulimit -Sn 64; ' . escapeshellarg(PHP_BINARY) . ' ' . escapeshellarg(scratch('child.php')) . ' ' . escapeshellarg(scratch()) . ' 2>&1');
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: Can't open '{dir}/directory' file: it is a directory.
SyncException: Can't open '{dir}/directory' file: it is a directory.
SyncException: Can't open '{dir}/directory' file: it is a directory.
SyncException: Can't open '{dir}/directory' file: it is a directory.
SyncException: Can't open '%s' file: it is a directory.
Exception: Can't open '{dir}/{name}' file: its path, or a name in it, is too long.
SyncException: Can't open '{dir}/socket' file: it is a socket, or a device that is not there.
Can't open '{file}' file: this process has as many files open as it may (ulimit -n).
