--TEST--
A value put into an array may be as deep as the limit allows at that place; one that could not be read back is refused, also in forged files
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

function nested(int $depth): mixed
{
    $value = 1;
    while ($depth-- > 0) {
        $value = [$value];
    }
    return $value;
}
// At the limit, and one beyond it: where the array has been read, where it has not, and further inside.
ini_set('unserialize_max_depth', 10);
foreach ([8, 9, 10] as $depth) {
    foreach ([false, true] as $read) {
        $s = new Sync(scratch());
        $s->list = [[1], 2];
        $s = new Sync(scratch());
        $read && $s->list;
        $ways = [
            'an element' => function () use ($s, $depth) {
                $s->list[] = nested($depth);
            },
            'a key' => function () use ($s, $depth) {
                $s->list['k'] = nested($depth);
            },
            'further inside' => function () use ($s, $depth) {
                $s->list[0]['k'] = nested($depth);
            },
        ];
        foreach ($ways as $way => $do) {
            $outcome = outcome($do);
            $kept = outcome(fn () => (new Sync(scratch()))->list);
            echo "$depth, ", $read ? 'read' : 'unread', ", $way: ", $outcome === '' || !str_contains($outcome, 'Exception') ? 'stored' : 'refused', ', ', str_contains($kept, 'Exception') ? 'lost' : 'kept', "\n";
        }
    }
}
// Forged patches: paths of many steps, and paths that lead nowhere.
ini_set('unserialize_max_depth', 4096);
$way = fn (int $steps, string $value) => "\x92\xdd" . pack('N', $steps) . str_repeat("\xa1a", $steps) . $value;
foreach ([0, 4096] as $limit) {
    ini_set('unserialize_max_depth', $limit);
    foreach ([100, 4096, 200_000] as $steps) {
        echo "$limit, $steps: ", preg_replace('/\d{4,} levels/', 'N levels', outcome(fn () => forged("\x81\xa1a\x80" . $way($steps - 1, "\x91\x01")) && true ? 'read' : '')), "\n";
    }
}
attempt(fn () => forged("\x91\x01" . "\x92\x90\x01"));
attempt(fn () => forged("\x91\x01" . "\x92\x91\xc0\x01"));
attempt(fn () => forged("\x91\x01" . "\x92\x91\x92\xc7\x00\x01\x80\x01"));
attempt(fn () => forged("\x91\x01" . "\x93\x91\x01\x01\x01"));
attempt(fn () => forged("\x91\x01" . "\x92\xdd\xff\xff\xff\xff\x01"));
attempt(fn () => forged("\x92\xc7\x00\x01\x80" . "\x92\x91\x01\x01"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
8, unread, an element: stored, kept
8, unread, a key: stored, kept
8, unread, further inside: stored, kept
8, read, an element: stored, kept
8, read, a key: stored, kept
8, read, further inside: stored, kept
9, unread, an element: stored, kept
9, unread, a key: stored, kept
9, unread, further inside: refused, kept
9, read, an element: stored, kept
9, read, a key: stored, kept
9, read, further inside: refused, kept
10, unread, an element: refused, kept
10, unread, a key: refused, kept
10, unread, further inside: refused, kept
10, read, an element: refused, kept
10, read, a key: refused, kept
10, read, further inside: refused, kept
0, 100: read
0, 4096: read
0, 200000: SyncException: A value is nested N levels deep, more than the stack that is left can bear.
4096, 100: read
4096, 4096: read
4096, 200000: SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it has bytes after its end. It stays until it is set anew or removed, or the store is restored from a copy.
