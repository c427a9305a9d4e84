<?php
/* php main.php [--quick] [--only=CASES] [--save=FILE] [--against=FILE]: see benches/run, which calls it. */

require __DIR__ . '/../../php-tests/include/peer.inc';
require_once __DIR__ . '/OriginalSync.php';
require __DIR__ . '/fixtures.php';
require __DIR__ . '/Bench.php';

/** Where and how thoroughly to measure. */
final class Machine
{
    public function __construct(public readonly string $directory, public readonly bool $quick, public readonly int $rounds)
    {
    }
}

/** The results of all measurements. */
final class Results
{
    /** @var array<string, array<string, list<float>>> by case and subject */
    public array $samples = [];
    /** @var array<string, array<string, float>> by scenario and name */
    public array $numbers = [];

    public function ns(string $case, string $subject): float
    {
        return isset($this->samples[$case][$subject]) ? median($this->samples[$case][$subject]) : NAN;
    }

    /** The median of the ratios within the rounds, since load on the machine slows both sides of a round. */
    public function ratio(string $case, string $of, string $to): float
    {
        $above = $this->samples[$case][$of] ?? [];
        $below = $this->samples[$case][$to] ?? [];
        if (!$above || !$below) {
            return NAN;
        }
        if (count($above) !== count($below)) {
            return median($above) / median($below);
        }
        return median(array_map(fn ($a, $b) => $a / $b, $above, $below));
    }

    public function number(string $scenario, string $name): float
    {
        return $this->numbers[$scenario][$name] ?? NAN;
    }
}

function there(?string $need): bool
{
    return $need === null || extension_loaded($need) || function_exists($need) || class_exists($need);
}

/** 1234.5 as "1,230": the measurement is precise to three digits. */
function ns(float $ns): string
{
    return is_nan($ns) ? '–' : ($ns < 100 ? sprintf('%.1f', $ns) : number_format(round($ns, 2 - (int) floor(log10($ns)))));
}

/** With the unit that a scenario's name carries. */
function unit(string $name, float $number): string
{
    return match (true) {
        is_nan($number) => '–',
        str_contains($name, '(count)') => number_format($number, $number < 100 ? 2 : 0),
        str_contains($name, '(bytes)') => number_format($number) . ' bytes',
        str_contains($name, '(×)') => sprintf('%.2f ×', $number),
        $number >= 1e6 => sprintf('%.2f ms', $number / 1e6),
        default => ns($number) . ' ns',
    };
}

/** The CPUs to run on: one while this process measures itself, all of them for a crowd. */
function pin(string $cpus): void
{
    exec("taskset -cp $cpus " . getmypid() . ' 2>/dev/null');
}

$options = getopt('', ['quick', 'only:', 'save:', 'against:']);
$quick = isset($options['quick']);
$only = isset($options['only']) ? explode(',', $options['only']) : null;
$before = isset($options['against']) ? json_decode(file_get_contents($options['against']), true) : [];
$machine = new Machine(getenv('SYNC_BENCH_DIR'), $quick, $quick ? 7 : 31);
$cases = require __DIR__ . '/../cases.php';
$scenarios = require __DIR__ . '/../scenarios.php';
$all = '0-' . (int) shell_exec('nproc --all') - 1;
// The servers' sockets appear when they are ready.
for ($i = 0; $i < 100 && (!file_exists("$machine->directory/redis") || !file_exists("$machine->directory/memcached")); $i++) {
    usleep(10_000);
}

preg_match('/^model name\s*:\s*(.*)$/m', file_get_contents('/proc/cpuinfo'), $cpu);
preg_match('/^MemTotal:\s*(\d+)/m', file_get_contents('/proc/meminfo'), $memory);
echo "# Benchmark\n\n";
printf("- machine: %s, %d CPUs, %d GiB, %s, load %.1f\n", $cpu[1] ?? php_uname('m'), shell_exec('nproc --all'), $memory[1] >> 20, php_uname('s') . ' ' . php_uname('r'), sys_getloadavg()[0]);
printf("- PHP %s, %s, %s, opcache %s; sync %s\n", PHP_VERSION, PHP_ZTS ? 'ZTS' : 'NTS', PHP_DEBUG ? 'debug' : 'release', ini_get('opcache.enable_cli') ? 'on' : 'off', phpversion('sync'));
$peers = array_map(fn ($e) => "$e " . phpversion($e), array_filter(['yac', 'apcu', 'sqlite3', 'redis', 'memcached', 'igbinary', 'msgpack'], 'extension_loaded'));
echo '- peers: ', implode(', ', $peers), "\n";
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

echo "\n## Bars\n\n| issue | bar | limit | measured | |\n| ---: | --- | ---: | ---: | --- |\n";
$met = $missed = 0;
foreach (require __DIR__ . '/../bars.php' as $bar) {
    [$issue, $text, $measured] = $bar;
    $number = round($measured($results), 2);
    if (is_nan($number) && $only) {
        continue;
    }
    $ok = isset($bar['limit']) ? $number <= $bar['limit'] : $number >= $bar['at least'];
    is_nan($number) ? null : ($ok ? $met++ : $missed++);
    printf("| %d | %s | %s %s | %s | %s |\n", $issue, $text, isset($bar['limit']) ? '≤' : '≥', $bar['limit'] ?? $bar['at least'],
        is_nan($number) ? '–' : sprintf('%.2f', $number), is_nan($number) ? 'not measured' : ($ok ? 'met' : '**not met**'));
}
echo "\n$met met, $missed not met", $quick ? ' (a quick run: stores are smaller than the bars say)' : '', ".\n";
if ($missing) {
    echo 'Left out, because they are not installed: ', implode(', ', array_unique($missing)), ".\n";
}
if (isset($options['save'])) {
    file_put_contents($options['save'], json_encode(['samples' => $results->samples, 'numbers' => $results->numbers]));
}
