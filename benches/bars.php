<?php
/*
 * The bars that Sync has to clear, as data. `measured` gets the results and returns a number, or NAN
 * where a peer is missing; the bar is met when it is at most `limit` (at least, with `at least`).
 */

$ratio = static fn (string $case, string $of, string $to) => static fn (Results $r) => $r->ratio($case, $of, $to);

/** Encoding or decoding alone: the whole operation, minus the same with a string of as many bytes. */
$net = static fn (string $case, string $to) => static fn (Results $r) =>
    ($r->ns($case, 'Sync') - $r->ns($case, 'Sync, a string of as many bytes')) / $r->ns($case, $to);

/** The ratio of slowest to fastest among stores of three sizes. */
$spread = static function (string $case, string $what) {
    $subjects = array_map(fn ($keys) => "Sync, $what among $keys", ['1', '10,000', '1,000,000']);
    return static fn (Results $r) => max(array_map(fn ($of) => max(array_map(fn ($to) => $r->ratio($case, $of, $to), $subjects)), $subjects));
};

return [
    [3, 'a read of an unchanged scalar, in stdClass reads', $ratio('read', 'Sync', 'stdClass'), 'limit' => 3],
    [3, 'a read of an unchanged scalar, in Yac gets', $ratio('read', 'Sync', 'Yac'), 'limit' => 0.5],
    [3, 'a read while another process writes other keys, in quiet reads', fn (Results $r) => $r->number('busy', 'busy') / $r->number('busy', 'quiet'), 'limit' => 3],
    [3, 'a write of a scalar, in apcu_store', $ratio('write', 'Sync', 'APCu'), 'limit' => 0.6],
    [3, 'a write of a scalar, in Yac sets', $ratio('write', 'Sync', 'Yac'), 'limit' => 1],
    [3, 'a read of one key among 1, 10,000, 1,000,000: slowest in fastest', $spread('keys-read', 'read'), 'limit' => 1.3],
    [3, 'a write of one key among 1, 10,000, 1,000,000: slowest in fastest', $spread('keys-write', 'write'), 'limit' => 1.3],
    [3, 'a write beside 100 MB, in writes beside nothing', $ratio('beside', 'Sync, beside 100 MB', 'Sync, beside none'), 'limit' => 1.1],
    [3, 'the slowest of 10 million overwrites among 1,000,000 keys, in ms of CPU', fn (Results $r) => $r->number('slowest', 'slowest overwrite, CPU') / 1e6, 'limit' => 2],
    [3, 'system calls a clock tick of reads', fn (Results $r) => $r->number('calls', 'system calls of reads, a tick of 4 ms (count)'), 'limit' => 2],
    [3, 'system calls a clock tick of writes', fn (Results $r) => $r->number('calls', 'system calls of writes, a tick of 4 ms (count)'), 'limit' => 2],
    [3, 'a first read in a fresh process among 1,000,000 keys, in first reads among 10', fn (Results $r) => $r->number('fresh', 'ratio (×)'), 'limit' => 2],
    [3, '150 processes: operations, times those of the original', fn (Results $r) => $r->number('crowd', 'Sync, operations a second (count)') / $r->number('crowd', 'the original, operations a second (count)'), 'at least' => 40],
    [3, '150 processes: p99 of the original, times ours', fn (Results $r) => $r->number('crowd', 'the original, p99') / $r->number('crowd', 'Sync, p99'), 'at least' => 50],
    [3, 'a lock holder killed: the slowest waiter goes on within ms', fn (Results $r) => $r->number('killed', 'slowest') / 1e6, 'limit' => 50],
    [4, 'encoding 100 string pairs, in msgpack_pack', $net('pairs-write', 'msgpack_pack'), 'limit' => 1],
    [4, 'encoding 100 string pairs, in igbinary_serialize', $net('pairs-write', 'igbinary_serialize'), 'limit' => 1],
    [4, 'decoding 100 string pairs, in unserialize', $net('pairs-first', 'unserialize'), 'limit' => 1],
    [4, 'decoding 100 string pairs, in igbinary_unserialize', $net('pairs-first', 'igbinary_unserialize'), 'limit' => 1],
    [4, 'decoding 100 string pairs, in msgpack_unpack', $net('pairs-first', 'msgpack_unpack'), 'limit' => 1],
    [4, 'a read of the unchanged 100 pairs, in reads of an int', $ratio('pairs-read', 'Sync', 'Sync, an int'), 'limit' => 1.5],
    [4, 'decoding 1,000 objects, in unserialize', $ratio('objects-read', 'Sync', 'unserialize'), 'limit' => 1],
    [4, 'decoding 1,000 objects, in igbinary_unserialize', $ratio('objects-read', 'Sync', 'igbinary_unserialize'), 'limit' => 1],
    [4, 'bytes of 1,000 objects, in those of serialize', fn (Results $r) => $r->number('size', 'ratio (×)'), 'limit' => 0.8],
    [4, 'a write of a 1 MB string, in memcpys of it', $ratio('megabyte-write', 'Sync', 'memcpy'), 'limit' => 5],
    [4, 'a first read of a 1 MB string, in memcpys of it', $ratio('megabyte-first', 'Sync', 'memcpy'), 'limit' => 5],
    [4, 'memory for storing 200 MB, in its size', fn (Results $r) => $r->number('memory', 'storing, times its size (×)'), 'limit' => 2],
    [4, 'memory for reading 200 MB, in its size', fn (Results $r) => $r->number('memory', 'reading, times its size (×)'), 'limit' => 2],
    [5, '$s->n++, in writes of the same property', $ratio('increment', 'Sync, $s->n++', 'Sync, $s->n = $i'), 'limit' => 2.5],
    [5, '$s->list[] = 1 on a list of 10,000, in scalar writes', $ratio('append', 'Sync, $s->list[] = 1', 'Sync, $s->x = $i'), 'limit' => 5],
    [5, '100,000 appends: the last tenth, in the first tenth', fn (Results $r) => $r->number('linear', 'ratio (×)'), 'limit' => 2],
];
