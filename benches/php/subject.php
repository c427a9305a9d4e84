<?php
/*
 * php subject.php NAME                 measures a statement of statements.php, driven by compare.php
 * php subject.php NAME TURNS           runs it that many times, between two marks, for callgrind
 *
 * The directory for files is SYNC_BENCH_DIR; compare.php chooses the build of the extension.
 */

require __DIR__ . '/../../php-tests/include/peer.inc';
require __DIR__ . '/fixtures.php';
require __DIR__ . '/Bench.php';

$case = (require __DIR__ . '/../statements.php')[$argv[1]];
$case['run'] = str_repeat($case['run'], $case['times'] ?? 1);
$bench = new Bench(getenv('SYNC_BENCH_DIR'), 0);
if (isset($argv[2])) {
    $loop = $bench->compile($case, counted: true);
    // Warms up: work that happens only once is done before the counted run.
    $loop(min(10, (int) $argv[2]));
    $loop((int) $argv[2]);
    exit;
}
$loop = $bench->compile($case);
$parent = Peer::parent();
$parent->tell($bench->calibrate($loop, $case['at most'] ?? PHP_INT_MAX));
while (($turns = $parent->hear()) !== 'end') {
    $parent->tell($bench->sample($loop, (int) $turns));
}
