--TEST--
All objects see a backup that is copied over the file, in the same inode, and the values that are written after it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$write = function (string $value) {
    // Each write comes from a new process, which begins where the file's log ends.
    if ('exit 0' !== $end = Peer::php('$s = new Sync($argv[1]); $s->x = $argv[2];', scratch(), $value)->end()) {
        echo "writing: $end\n";
    }
};
$write('a');
chmod(scratch(), 0644);
copy(scratch(), scratch('backup'));
$number = fileinode(scratch());
$looks = <<<'PHP'
    if ($argv[2] && posix_getuid() === 0) {
        posix_initgroups('nobody', 65534);
        posix_setgid(65534) && posix_setuid(65534) || exit(99);
    }
    $s = new Sync($argv[1]);
    for (;;) {
        $parent->hear();
        $parent->tell($s->x);
    }
    PHP;
$readers = array_map(fn ($only) => Peer::php($looks, scratch(), $only), ['', 'only']);
$own = new Sync(scratch());
$all = function () use ($readers, $own) {
    echo $own->x;
    foreach ($readers as $reader) {
        $reader->tell();
        echo ' ', $reader->hear();
    }
    echo "\n";
};
$all();
$write('b');
$all();
copy(scratch('backup'), scratch());
// A value of the same length as the one before, so that the new record takes the same position in the log.
$write('c');
$all();
copy(scratch('backup'), scratch());
$all();
// An object that has written before.
$own->x = 'd';
$all();
copy(scratch('backup'), scratch());
$own->x = 'e';
$all();
$write('f');
$all();
copy(scratch('backup'), scratch());
$write('g');
$own->y = 1;
$all();
var_dump($own->y, count($own), fileinode(scratch()) === $number);
array_map(fn ($reader) => $reader->kill(), $readers);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a a a
b b b
c c c
a a a
d d d
e e e
f f f
g g g
int(1)
int(2)
bool(true)
