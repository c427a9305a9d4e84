--TEST--
After each change that PHP's functions make, or that another process tells of, a new object finds the file that the kernel would open, and may do what it would allow
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its path');
if (posix_getuid() !== 0) die('skip needs root');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const NOBODY = 65534;
const STEPS = 1_500;
$seed = (int) (getenv('SEED') ?: random_int(1, 1 << 30));
mt_srand($seed);
umask(0);
chdir($base = scratch_directory());
chmod($base, 0777);

/** A new store at a path, which says which one it is; its number goes into `$numbers`, by its inode. */
$numbers = [];
$make = function (string $path) use (&$numbers): void {
    static $number = 0;
    $new = scratch('new' . getmypid());
    @unlink($new);
    (new Sync($new))->set('number', $name = getmypid() . '.' . ++$number);
    @chown($new, [0, NOBODY][mt_rand(0, 1)]);
    $numbers[fileinode($new)] = $name;
    @rename($new, $path) || @unlink($new);
};
foreach (['a', 'b'] as $name) {
    mkdir(scratch($name));
    chown(scratch($name), NOBODY);
    $make(scratch("$name/s"));
}
symlink('a', scratch('link'));
symlink('link/s', scratch('through'));
link(scratch('a/s'), scratch('hard'));
const PATHS = ['a/s', 'b/s', 'link/s', 'through', 'hard', './b/s', './link/s'];

$modes = fn () => [0666, 0666, 0600, 0444, 0000][mt_rand(0, 4)];
$any = fn (array $all) => $all[array_rand($all)];
$changes = [
    'chmod file' => fn () => @chmod(scratch($any(['a/s', 'b/s'])), $modes()),
    'chmod folder' => fn () => @chmod(scratch($any(['a', 'b'])), $any([0777, 0777, 0700, 0000])),
    'chown' => fn () => @chown(scratch($any(['a/s', 'b/s', 'a', 'b'])), $any([0, NOBODY])),
    'chgrp' => fn () => @chgrp(scratch($any(['a/s', 'b/s', 'a', 'b'])), $any([0, NOBODY])),
    'another file' => fn () => $make(scratch($any(['a/s', 'b/s', 'hard']))),
    'no file' => fn () => @unlink(scratch($any(['a/s', 'b/s', 'hard']))),
    'another link' => function () use ($any) {
        @unlink(scratch('link'));
        @symlink($any(['a', 'b']), scratch('link'));
    },
    'a link over the link' => fn () => @symlink($any(['a', 'b']), scratch('other')) && rename(scratch('other'), scratch('link')),
    'a hard link' => fn () => @unlink(scratch('hard')) && @link(scratch($any(['a/s', 'b/s'])), scratch('hard')),
    'folders change places' => fn () => rename(scratch('a'), scratch('c')) && rename(scratch('b'), scratch('a')) && rename(scratch('c'), scratch('b')),
    'a file moves' => fn () => @rename(scratch($any(['a/s', 'b/s'])), scratch($any(['a/s', 'b/s']))),
];
$moves = [
    'user' => fn () => posix_seteuid(0) && posix_seteuid($any([0, NOBODY])),
    'group' => function () use ($any) {
        $user = posix_geteuid();
        posix_seteuid(0);
        posix_setegid($any([0, NOBODY]));
        posix_initgroups('nobody', $any([0, NOBODY]));
        posix_seteuid($user);
    },
    'directory' => fn () => @chdir(scratch($any(['', 'a', 'b', 'link']))) || chdir(scratch('')),
];
// Another process, which stays root, does the same, and says so, and which files it has made.
$peer = Peer::fork(function (Peer $parent) use ($changes, &$numbers) {
    while (($change = $parent->hear()) !== 'end') {
        [$what, $seed] = explode('|', $change);
        mt_srand((int) $seed);
        $numbers = [];
        $changes[$what]();
        $parent->tell(json_encode($numbers));
    }
});

/** The finding of a process that opens the file anew: its number, that there is none, or that it may not. */
$kernel = function (string $path, array $numbers): string {
    clearstatcache(true);
    // (Nothing here announces a change, or hears of one.)
    try {
        return 'number ' . ($numbers[(new SplFileObject($path))->fstat()['ino']] ?? '?');
    } catch (RuntimeException $e) {
        return str_contains($e->getMessage(), 'Permission denied') ? 'refused' : 'none';
    }
};
$differ = 0;
$seen = [];
$keep = [];
// At first: files that may be read alone. (Some rounds of chance never come by any.)
foreach (['a/s', 'b/s'] as $name) {
    chown(scratch($name), 0);
    chmod(scratch($name), 0444);
}
posix_seteuid(NOBODY);
for ($step = 0; $step < STEPS && $differ < 5; $step++) {
    $by = mt_rand(0, 2);
    $what = $step === 0 ? 'nothing' : array_rand($by === 2 ? $moves : $changes);
    if ($step === 0) {
        // As it begins.
    } elseif ($by === 2) {
        $moves[$what]();
    } elseif ($by === 1) {
        $peer->tell("$what|" . mt_rand());
        $numbers = json_decode($peer->hear(), true) + $numbers;
    } else {
        $changes[$what]();
    }
    foreach (PATHS as $path) {
        $full = mt_rand(0, 1) ? scratch($path) : $path;
        $expected = $kernel($full, $numbers);
        try {
            $keep[mt_rand(0, 3)] = $s = new Sync($full);
            $number = $s->number;
            $found = $number === null ? 'none' : "number $number";
        } catch (SyncException) {
            $found = 'refused';
        }
        try {
            $writable = (bool) new SplFileObject($full, 'r+');
        } catch (RuntimeException) {
            $writable = false;
        }
        if ($found === $expected && $found !== 'none') {
            try {
                (new Sync($full))->set('step', $step);
                $wrote = true;
            } catch (SyncException) {
                $wrote = false;
            }
            $found .= $wrote ? ', writable' : '';
            $expected .= $writable ? ', writable' : '';
        }
        $seen[preg_replace('/[\d.]+/', 'n', $expected)] = true;
        if ($found !== $expected) {
            $differ++;
            echo "seed $seed, step $step, $what by ", $by === 1 ? 'another' : 'this one', ", $full: $found instead of $expected\n";
        }
    }
}
$peer->tell('end');
$peer->end();
posix_seteuid(0);
ksort($seen);
echo implode("\n", array_keys($seen)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
none
number n
number n, writable
refused
