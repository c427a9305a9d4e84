--TEST--
A process that changes its user or groups is told at once that it may not open a file that it has open
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) die('skip needs root');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const NOBODY = 65534;
const ROUNDS = 300;
$open = function (): string {
    try {
        return (string) (new Sync(scratch()))->x;
    } catch (SyncException $e) {
        return str_contains($e->getMessage(), 'not readable') ? 'refused' : $e->getMessage();
    }
};
/** Many rounds, most of which lie within one tick of the clock. */
$rounds = function (string $what, Closure ...$steps) use ($open) {
    $seen = [];
    for ($i = 0; $i < ROUNDS; $i++) {
        $found = [];
        foreach ($steps as $step) {
            $step();
            $found[] = $open();
        }
        $seen[implode(', ', $found)] = ($seen[implode(', ', $found)] ?? 0) + 1;
    }
    echo "$what: ", count($seen) === 1 ? key($seen) : json_encode($seen), "\n";
};
$end = Peer::fork(function () use ($open, $rounds) {
    $kept = new Sync(scratch());
    $kept->x = 1;
    chmod(scratch(), 0600);
    $rounds('effective user', fn () => posix_seteuid(0), fn () => posix_seteuid(NOBODY));
    posix_seteuid(0);
    // A group's file.
    chgrp(scratch(), 12345);
    chmod(scratch(), 0060);
    $as = function (int $group) {
        posix_seteuid(0);
        posix_setegid($group);
        posix_seteuid(NOBODY);
    };
    $rounds('effective group', fn () => $as(12345), fn () => $as(NOBODY));
    posix_seteuid(0);
    posix_setegid(0);
    posix_initgroups('root', 0);
    $groups = function (int $group) {
        posix_seteuid(0);
        posix_initgroups('nobody', $group);
        posix_seteuid(NOBODY);
    };
    $rounds('supplementary groups', fn () => $groups(12345), fn () => $groups(NOBODY));
    // An open file stays usable, as a file that was opened by PHP's own functions.
    var_dump($kept->x);
    posix_seteuid(0);
    chmod(scratch(), 0600);
    echo $open(), "\n";
    posix_setgid(NOBODY);
    posix_setuid(NOBODY);
    echo $open(), "\n";
})->end();
echo "$end\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
effective user: 1, refused
effective group: 1, refused
supplementary groups: 1, refused
int(1)
1
refused
exit 0
