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

/** Operations a second of Sync in a crowd, in those of the better of APCu and Yac. */
$crowd = static fn (int $size, int $reads) => static function (Results $r) use ($size, $reads) {
    $number = fn (string $who) => $r->number('workers', "$who, $size workers, $reads : 1, operations a second (count)");
    $peers = array_filter([$number('APCu'), $number('Yac')], fn ($n) => !is_nan($n));
    return $peers ? $number('Sync') / max($peers) : NAN;
};

/** The longest wait in a crowd, in ms, without what the scheduler took of it. */
$longest = static fn (int $size, int $reads) => static fn (Results $r) => $r->number('workers', "Sync, $size workers, $reads : 1, longest wait") / 1e6;

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
    [11, 'a read of a literal name, without the loop, in ns', fn (Results $r) => $r->ns('read', 'Sync') - $r->ns('read', 'the loop alone'), 'limit' => 10],
    [11, 'a read of 1,000 names made at run time, in apcu_fetch', $ratio('dynamic', 'Sync', 'APCu'), 'limit' => 0.35],
    [11, 'a read of 100,000 names made at run time, in apcu_fetch', $ratio('dynamic-many', 'Sync', 'APCu'), 'limit' => 0.6],
    [11, 'a read of 1,000 names, another process writes each 100 reads, in apcu_fetch', fn (Results $r) => $r->number('others-write', 'Sync') / $r->number('others-write', 'APCu'), 'limit' => 0.5],
    [11, 'a new object and a read, in ns', fn (Results $r) => $r->ns('new', 'Sync, an int'), 'limit' => 400],
    [11, 'an int, each name once written, in apcu_store', $ratio('once-written', 'Sync, an int', 'APCu, an int'), 'limit' => 1],
    [11, 'a string of 20, each name once written, in apcu_store', $ratio('once-written', 'Sync, a string of 20', 'APCu, a string of 20'), 'limit' => 1],
    [11, 'a write of a name that the object knows, in apcu_store', $ratio('known-written', 'Sync', 'APCu'), 'limit' => 0.6],
    [11, 'a write of a name that the object knows, in Yac sets', $ratio('known-written', 'Sync', 'Yac'), 'limit' => 1],
    [11, '16 workers, 100 : 1, times the better of APCu and Yac', $crowd(16, 100), 'at least' => 1.4],
    [11, '16 workers, 10 : 1, times the better of APCu and Yac', $crowd(16, 10), 'at least' => 0.9],
    [11, '64 workers, 100 : 1, times the better of APCu and Yac', $crowd(64, 100), 'at least' => 1.2],
    [11, '64 workers, 10 : 1, times the better of APCu and Yac', $crowd(64, 10), 'at least' => 0.9],
    [11, '16 workers, 100 : 1, the longest wait in ms, the scheduler\'s share taken off', $longest(16, 100), 'limit' => 100],
    [11, '16 workers, 10 : 1, the longest wait in ms, the scheduler\'s share taken off', $longest(16, 10), 'limit' => 100],
    [11, '64 workers, 100 : 1, the longest wait in ms, the scheduler\'s share taken off', $longest(64, 100), 'limit' => 100],
    [11, '64 workers, 10 : 1, the longest wait in ms, the scheduler\'s share taken off', $longest(64, 10), 'limit' => 100],
    [11, 'a store with 1 int, in KiB', fn (Results $r) => $r->number('sizes', 'memory of 1 ints (bytes)') / 1024, 'limit' => 16],
    [11, 'a store with 10 ints, in KiB', fn (Results $r) => $r->number('sizes', 'memory of 10 ints (bytes)') / 1024, 'limit' => 16],
    [11, 'a store with 1,000 ints, in KiB', fn (Results $r) => $r->number('sizes', 'memory of 1000 ints (bytes)') / 1024, 'limit' => 100],
    [11, 'a store made with its first write, in µs', fn (Results $r) => $r->number('sizes', 'made with its first write') / 1e3, 'limit' => 60],
    [11, 'a store destroyed, in µs', fn (Results $r) => $r->number('sizes', 'destroyed') / 1e3, 'limit' => 30],
    [11, '$s->map[$k] of 300,000, the array known, in µs', fn (Results $r) => $r->ns('map', 'Sync, $s->map[$k] of 300,000') / 1e3, 'limit' => 5],
    [11, '$s->map[$k]++ among 300,000, the array known, in µs', fn (Results $r) => $r->ns('map', 'Sync, $s->map[$k]++ among 300,000') / 1e3, 'limit' => 5],
    [11, '15,000 stores open in one process', fn (Results $r) => $r->number('many', 'stores (count)'), 'at least' => 15_000],
    [11, 'names written and read with `ulimit -v 300000`', fn (Results $r) => $r->number('address-space', 'names written and read (count)'), 'at least' => 100_000],
    [11, 'a read among 10,000,000 names, in reads among 1,000,000 (--large)', fn (Results $r) => $r->number('millions', 'read, ratio (×)'), 'limit' => 1.5],
    [11, 'a write among 10,000,000 names, in writes among 1,000,000 (--large)', fn (Results $r) => $r->number('millions', 'write, ratio (×)'), 'limit' => 1.5],
    [11, 'count() of 10,000,000 names, in count() of 1,000,000 (--large)', fn (Results $r) => $r->number('millions', 'count(), ratio (×)'), 'limit' => 1.5],
    [12, 'push() and shift(), of a queue of 10: Redis over a unix socket, in Sync', $ratio('queue', 'Redis, 10', 'Sync, 10'), 'at least' => 30],
    [12, 'push() and shift(), of a queue of 1,000,000: Redis over a unix socket, in Sync', $ratio('queue', 'Redis, 1,000,000', 'Sync, 1,000,000'), 'at least' => 30],
    [12, 'push() and shift(), of a queue of 1,000,000, in those of one of 10', $ratio('queue', 'Sync, 1,000,000', 'Sync, 10'), 'limit' => 1.3],
    [12, '1,000 writes within transaction(), in the same outside', $ratio('transaction', 'Sync, transaction()', 'Sync, one by one'), 'limit' => 1.0],
    [12, 'setMultiple() of 1,000 values, in the same writes one by one', $ratio('transaction', 'Sync, setMultiple()', 'Sync, one by one'), 'limit' => 1.0],
    [12, "with durability: 'commit'", $ratio('transaction', "Sync, transaction(), durability: 'commit'", "Sync, one by one, durability: 'commit'"), 'limit' => 0.01],
    [12, 'increment(), in $s->n++', $ratio('increment', 'Sync, increment()', 'Sync, $s->n++'), 'limit' => 1.4],
    [12, 'a read of a value with a TTL, beyond one without, in ns', fn (Results $r) => $r->ns('expiring', 'Sync, with a TTL') - $r->ns('expiring', 'Sync, that never expires'), 'limit' => 10],
    [12, 'add() that fails, in has()', $ratio('expiring', 'Sync, add() that fails', 'Sync, has()'), 'limit' => 1.5],
    [12, 'remember(): computations for 50 processes at once', fn (Results $r) => $r->number('remember', 'computations (count)'), 'limit' => 1],
    [12, 'remember(), 50 processes at once on a value that takes 100 ms: all have it within ms', fn (Results $r) => $r->number('remember', 'all there') / 1e6, 'limit' => 150],
    [12, 'remember(), the one that computes killed: computations', fn (Results $r) => $r->number('remember', 'computations with a kill (count)'), 'limit' => 2],
    [12, 'remember(), the one that computes killed: all have it within ms', fn (Results $r) => $r->number('remember', 'all there after a kill') / 1e6, 'limit' => 300],
    [12, 'a round trip between two processes, in those of two C programs over pipes', fn (Results $r) => $r->number('round-trip', 'Sync, in round trips of C (×)'), 'limit' => 1.5],
    [12, 'a round trip between two processes, in those over a socket pair in PHP', fn (Results $r) => $r->number('round-trip', 'Sync, in round trips of sockets (×)'), 'limit' => 1],
    [12, 'an idle waiter: CPU a second, in ms', fn (Results $r) => $r->number('idle', 'CPU time a second') / 1e6, 'limit' => 0.2],
    [12, 'an idle waiter: voluntary context switches a second', fn (Results $r) => $r->number('idle', 'voluntary context switches a second (count)'), 'limit' => 12],
    [12, 'an idle waiter that may only read: voluntary context switches a second', fn (Results $r) => $r->number('idle', 'voluntary context switches a second, that may only read (count)'), 'limit' => 110],
    [12, 'a write while 100 processes wait for other names, in writes that nobody waits for', fn (Results $r) => $r->number('waiters', 'ratio (×)'), 'limit' => 1.1],
    [15, 'an unchanged value of a server: ns', fn (Results $r) => $r->ns('remote-read', 'Sync, unchanged'), 'limit' => 400],
    [15, 'an unchanged value of a server: get() of phpredis, in reads', $ratio('remote-read', 'phpredis, get()', 'Sync, unchanged'), 'at least' => 30],
    [15, 'a read that asks the server, in get() of phpredis', $ratio('remote-read', 'Sync, asking each time (?cache=0)', 'phpredis, get()'), 'limit' => 1.2],
    [15, '$s->n++ by four processes on a server, in additions by compare and set', fn (Results $r) => $r->number('remote-counting', 'additions by Sync, in those by compare and set (×)'), 'at least' => 2.5],
    [15, 'getData() of 1,000 values on a server: ms', fn (Results $r) => $r->ns('remote-all', 'Sync, getData(), asking each time (?cache=0)') / 1e6, 'limit' => 0.6],
    [15, 'getData() of 1,000 values on a server, nothing has changed: µs', fn (Results $r) => $r->ns('remote-all', 'Sync, getData(), nothing has changed') / 1e3, 'limit' => 30],
    [15, 'a wake-up by a server, in those of blPop()', fn (Results $r) => $r->number('remote-wake', 'a wake-up, in those of blPop() (×)'), 'limit' => 3],
    [15, "an idle client: bytes in the server's output buffers", fn (Results $r) => $r->number('remote-idle', "bytes in the server's output buffers, at most (bytes)"), 'limit' => 0],
];
