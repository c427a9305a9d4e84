--TEST--
file:///path is a path, as to PHP's own functions; other schemes are refused when the object is made
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$plain = new Sync(scratch());
$plain->x = 'shared';
foreach (['file://', 'FILE://', 'file://localhost', 'File://LOCALHOST'] as $scheme) {
    $s = new Sync($scheme . scratch());
    var_dump($s->x);
    var_dump($s->getFile() === $scheme . scratch());
}
var_dump((new Sync(scratch('other')))->setFile('file://' . scratch())->x);
$s = unserialize(serialize(new Sync('file://' . scratch())));
var_dump($s->x, $s->getFile() === scratch());

// Percent signs are not decoded.
(new Sync('file://' . scratch('a%20b')))->set('x', 1);
var_dump(file_exists(scratch('a%20b')));
// In a path that begins with a slash `://` has no meaning; and a scheme has more than one letter.
chdir(scratch_directory());
mkdir('c:');
(new Sync(scratch('c://store')))->set('x', 1);
(new Sync('c://second'))->set('x', 1);
var_dump(file_exists('c:/store'), file_exists('c:/second'));
// An unlink() by this process is noticed at once, also where it was given the file's name with the scheme.
unlink('file://' . scratch());
var_dump($s->x);

foreach (['file://host/dev/shm/x', 'file://dev/shm/x', 'php://memory', 'php://temp/x', 'http://localhost/x', 'phar://a.phar/b',
    'compress.zlib:///dev/shm/x', 'data:text/plain,x', 'data://text/plain,x', 'unknown://x'] as $file) {
    attempt(fn () => new Sync($file));
    try {
        $plain->setFile($file);
        echo "accepted\n";
    } catch (SyncException) {
    }
}
var_dump($plain->getFile() === scratch());
ini_set('open_basedir', '/nowhere');
attempt(fn () => new Sync('file://' . scratch()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(6) "shared"
bool(true)
string(6) "shared"
bool(true)
string(6) "shared"
bool(true)
string(6) "shared"
bool(true)
string(6) "shared"
string(6) "shared"
bool(true)
bool(true)
bool(true)
bool(true)
NULL
SyncException: Can't open 'file://host/dev/shm/x' file: it is on another host, or lacks a slash; a path on this one is file:///path.
SyncException: Can't open 'file://dev/shm/x' file: it is on another host, or lacks a slash; a path on this one is file:///path.
SyncException: Can't open 'php://memory' file: php: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'php://temp/x' file: php: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'http://localhost/x' file: http: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'phar://a.phar/b' file: phar: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'compress.zlib:///dev/shm/x' file: compress.zlib: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'data:text/plain,x' file: data: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'data://text/plain,x' file: data: is not the scheme of a file that can be shared; give a path, or file:///path.
SyncException: Can't open 'unknown://x' file: unknown: is not the scheme of a file that can be shared; give a path, or file:///path.
bool(true)
SyncException: Can't open '{dir}/store' file: open_basedir restriction in effect.
