<?php
/* main.php [--rounds=N] [--seconds=N] WRK ADDRESS DIRECTORY FPM: see benches/servers, which calls it, and starts the servers. */

require __DIR__ . '/../Bench.php';
require __DIR__ . '/../report.php';

const PAGES = ['Sync', 'APCu', 'phpredis'];

$options = getopt('', ['rounds::', 'seconds::'], $rest);
[$wrk, $address, $directory, $fpm] = array_slice($argv, $rest);
$rounds = (int) ($options['rounds'] ?? 20);
$seconds = (int) ($options['seconds'] ?? 1);

$get = fn (string $from) => @file_get_contents("$address?from=$from");
for ($i = 0; $get('fill') !== '1000'; $i++) {
    if ($i === 500) {
        exit("The servers do not answer:\n" . implode(array_map('file_get_contents', glob("$directory/*.{log,out}", GLOB_BRACE))));
    }
    usleep(20_000);
}
foreach (PAGES as $page) {
    $get($page) === '1000' || exit("The page does not read the values from $page: " . $get($page) . "\n");
}

/** Nanoseconds of processor time that the workers have had: load on the machine is not in it. */
function worked(string $fpm): int
{
    $workers = explode(' ', trim(file_get_contents("/proc/$fpm/task/$fpm/children")));
    return array_sum(array_map(fn ($pid) => (int) file_get_contents("/proc/$pid/schedstat"), $workers));
}

/** Requests a second, and nanoseconds of processor time of a worker for each; every one of them has to be answered well. */
function measure(string $wrk, string $address, string $page, int $seconds, string $fpm): array
{
    $before = worked($fpm);
    $report = (string) shell_exec(escapeshellarg($wrk) . " -t1 -c2 -d{$seconds}s " . escapeshellarg("$address?from=$page") . ' 2>&1');
    if (!preg_match('~^Requests/sec:\s+([\d.]+)~m', $report, $found) || str_contains($report, 'Non-2xx') || str_contains($report, 'Socket errors')) {
        exit("wrk, $page:\n$report");
    }
    preg_match('~(\d+) requests in~', $report, $count);
    return [(float) $found[1], (worked($fpm) - $before) / (int) $count[1]];
}

$results = new Results;
foreach (PAGES as $page) {
    measure($wrk, $address, $page, 1, $fpm);
}
for ($round = 0; $round < $rounds; $round++) {
    for ($n = 0; $n < count(PAGES); $n++) {
        $page = PAGES[($round + $n) % count(PAGES)];
        [$results->samples['page'][$page][], $results->samples['work'][$page][]] = measure($wrk, $address, $page, $seconds, $fpm);
    }
}

print_machine('A page under PHP-FPM and nginx');
echo "\nA page that makes its object and reads 50 names, strings of 20, one by one; two workers, two connections; $rounds rounds of $seconds s each.\n\n";
echo "| page | requests a second | Sync's, times those of this page | a worker's processor time for a request, in µs | this page's, times Sync's |\n| --- | ---: | ---: | ---: | ---: |\n";
foreach (PAGES as $page) {
    printf("| %s | %s | %.3f | %.1f | %.3f |\n", $page, number_format($results->ns('page', $page)), $results->ratio('page', 'Sync', $page),
        $results->ns('work', $page) / 1e3, $results->ratio('work', $page, 'Sync'));
}
print_bars(require __DIR__ . '/../../bars-servers.php', $results, false, false);
