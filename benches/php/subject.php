<?php
/*
 * php subject.php NAME                 measures a statement of statements.php, asked by compare.php
 * php subject.php NAME TURNS           runs it so often, between two marks, for callgrind
 *
 * The directory for files is SYNC_BENCH_DIR; which build of the extension is loaded is compare.php's business.
 */

require __DIR__ . '/../../php-tests/include/peer.inc';
require __DIR__ . '/fixtures.php';
require __DIR__ . '/Bench.php';

$case = (require __DIR__ . '/../statements.php')[$argv[1]];
$case['run'] = str_repeat($case['run'], $case['times'] ?? 1);
$bench = new Bench(getenv('SYNC_BENCH_DIR'), 0);
if (isset($argv[2])) {
    $loop = $bench->compile($case, counted: true);
    // What happens once has happened then.
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
