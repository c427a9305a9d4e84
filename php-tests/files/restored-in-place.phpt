--TEST--
A backup that is copied into the file's place, the same inode, is what all see from then on, and what is written after
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$write = function (string $value) {
    // Each time by a process that begins where the file's log ends.
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
// As long as what was there before: positions that are used again would be the same ones.
$write('c');
$all();
copy(scratch('backup'), scratch());
$all();
// One that has written before.
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
