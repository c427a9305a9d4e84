<?php
/* php main.php [--quick] [--large] [--only=CASES] [--save=FILE] [--against=FILE]: see benches/run, which calls it. */

require __DIR__ . '/../../php-tests/include/peer.inc';
require_once __DIR__ . '/OriginalSync.php';
require __DIR__ . '/fixtures.php';
require __DIR__ . '/Bench.php';
require __DIR__ . '/report.php';

$options = getopt('', ['quick', 'large', 'only:', 'save:', 'against:']);
$quick = isset($options['quick']);
$only = isset($options['only']) ? explode(',', $options['only']) : null;
$before = isset($options['against']) ? json_decode(file_get_contents($options['against']), true) : [];
$machine = new Machine(getenv('SYNC_BENCH_DIR'), $quick, $quick ? 7 : 31, isset($options['large']));
$cases = require __DIR__ . '/../cases.php';
$scenarios = require __DIR__ . '/../scenarios.php';
$all = '0-' . (int) shell_exec('nproc --all') - 1;
// The servers' sockets appear when they are ready.
for ($i = 0; $i < 100 && (!file_exists("$machine->directory/redis") || !file_exists("$machine->directory/memcached")); $i++) {
    usleep(10_000);
}

print_machine('Benchmark');
echo '- command: benches/run ', implode(' ', array_slice($argv, 1)), "\n";
echo "- median of $machine->rounds rounds, in which all take turns; ns an operation, the loop around it included; files on tmpfs\n";

$results = new Results;
$bench = new Bench($machine->directory, $machine->rounds);
$missing = [];
pin('0');
foreach ($cases as $name => $case) {
    if ($only && !in_array($name, $only)) {
        continue;
    }
    $subjects = array_filter($case['subjects'], function ($subject, $who) use (&$missing) {
        return there($subject['needs'] ?? null) ?: !($missing[$who] = $subject['needs']);
    }, ARRAY_FILTER_USE_BOTH);
    try {
        $results->samples[$name] = $bench->measure($subjects);
    } catch (Throwable $e) {
        echo "\n## {$case['title']}\n\nNot measured: {$e->getMessage()}\n";
        continue;
    }
    $first = array_key_first($subjects);
    echo "\n## {$case['title']}\n\n| | ns | × $first |" . ($before ? ' before |' : '') . "\n| --- | ---: | ---: |" . ($before ? ' ---: |' : '') . "\n";
    foreach (array_keys($subjects) as $who) {
        printf("| %s | %s | %.3g |", $who, ns($results->ns($name, $who)), $results->ratio($name, $who, $first));
        echo $before ? ' ' . (isset($before['samples'][$name][$who]) ? ns(median($before['samples'][$name][$who])) : '–') . ' |' : '', "\n";
    }
    gc_collect_cycles();
}
pin($all);
foreach ($scenarios as $name => $scenario) {
    if ($only && !in_array($name, $only)) {
        continue;
    }
    echo "\n## {$scenario['title']}\n\n";
    try {
        $results->numbers[$name] = $scenario['measure']($machine);
    } catch (Throwable $e) {
        echo 'Not measured: ', $e->getMessage(), "\n";
        continue;
    }
    echo "| | |" . ($before ? ' before |' : '') . "\n| --- | ---: |" . ($before ? ' ---: |' : '') . "\n";
    foreach ($results->numbers[$name] as $what => $number) {
        printf('| %s | %s |', preg_replace('/ \((count|bytes|×)\)/', '', $what), unit($what, $number));
        echo $before ? ' ' . unit($what, $before['numbers'][$name][$what] ?? NAN) . ' |' : '', "\n";
    }
}

print_bars(require __DIR__ . '/../bars.php', $results, $only !== null, $quick);
if ($missing) {
    echo 'Left out, because they are not installed: ', implode(', ', array_unique($missing)), ".\n";
}
if (isset($options['save'])) {
    file_put_contents($options['save'], json_encode(['samples' => $results->samples, 'numbers' => $results->numbers]));
}
