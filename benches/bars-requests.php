<?php
/* The bars of `make bench-requests`, as data: see bars.php. */

$ratio = static fn (string $kind, string $of, string $to) => static fn (Results $r) => $r->ratio($kind, $of, $to);
// Memory that is given back and taken again is no growth: the lowest figure of the last two tenths of the requests, less that of the sixth and
// the seventh. (Until then the cache fills, and the allocator finds its places.)
$growth = static function (string $what) {
    $lowest = static fn (Results $r, int $from, int $to) => min(array_merge(...array_map(fn ($tenth) => $r->samples[$what][$tenth] ?? [], range($from, $to))));
    return static fn (Results $r) => isset($r->samples[$what]) ? $lowest($r, 9, 10) - $lowest($r, 6, 7) : NAN;
};
$bars = [];
foreach (['int' => 0.5, 'string of 20' => 0.5, 'array of 2' => 0.4, 'array of 20' => 0.1] as $kind => $limit) {
    $bars[] = [11, "$kind, each name once, third and later request, in apcu_fetch", $ratio($kind, 'Sync, later', 'APCu, later'), 'limit' => $limit];
}
$bars[] = [11, 'array of 1,000, each name once, third and later request, in includes', $ratio('array of 1,000', 'Sync, later', 'include, later'), 'limit' => 1];
foreach (['int' => 1.5, 'string of 20' => 1.5, 'array of 2' => 2, 'array of 20' => 2, 'array of 1,000' => 2] as $kind => $second) {
    $bars[] = [11, "$kind, first request, in the build before", $ratio($kind, 'Sync, first', 'Sync before, first'), 'limit' => 1.1];
    $bars[] = [11, "$kind, second request, in the build before", $ratio($kind, 'Sync, second', 'Sync before, second'), 'limit' => $second];
    $bars[] = [11, "$kind, the first five requests, in the build before", $ratio($kind, 'Sync, the first five', 'Sync before, the first five'), 'limit' => 1];
}
return [
    ...$bars,
    [11, 'a new object and a read, the first in a request, in µs', fn (Results $r) => $r->number('new', 'new, first in a request') / 1e3, 'limit' => 3.5],
    [11, 'a new object and a read, in a loop, in ns', fn (Results $r) => $r->number('new', 'new, in a loop'), 'limit' => 400],
    [11, 'a read in a request that reads more than the cache can hold, the slowest of the later requests, in the first', fn (Results $r) => $r->number('beyond', 'slowest of the later, in the first'), 'limit' => 4],
    [11, 'growth of a worker\'s memory over the second half of the churn, in KiB', $growth('KiB'), 'limit' => 100],
    [11, 'of its descriptors', $growth('descriptors'), 'limit' => 0],
    [11, 'of its mappings', $growth('mappings'), 'limit' => 0],
    [11, 'the cache at its largest, in KiB', fn (Results $r) => $r->number('churn', 'cache') / 1024, 'limit' => (8 << 10) + 83],
];
