<?php
/* The common part of benches/run and benches/requests: results, their units, the bars. */

/** Where and how thoroughly to measure. */
final class Machine
{
    public function __construct(public readonly string $directory, public readonly bool $quick, public readonly int $rounds, public readonly bool $large = false)
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

/** The machine and the versions, as the head of a report. */
function print_machine(string $title): void
{
    preg_match('/^model name\s*:\s*(.*)$/m', file_get_contents('/proc/cpuinfo'), $cpu);
    preg_match('/^MemTotal:\s*(\d+)/m', file_get_contents('/proc/meminfo'), $memory);
    echo "# $title\n\n";
    printf("- machine: %s, %d CPUs, %d GiB, %s, load %.1f\n", $cpu[1] ?? php_uname('m'), shell_exec('nproc --all'), $memory[1] >> 20, php_uname('s') . ' ' . php_uname('r'), sys_getloadavg()[0]);
    printf("- PHP %s, %s, %s, opcache %s; sync %s\n", PHP_VERSION, PHP_ZTS ? 'ZTS' : 'NTS', PHP_DEBUG ? 'debug' : 'release', ini_get('opcache.enable_cli') ? 'on' : 'off', phpversion('sync'));
    $peers = array_map(fn ($e) => "$e " . phpversion($e), array_filter(['yac', 'apcu', 'sqlite3', 'redis', 'memcached', 'igbinary', 'msgpack'], 'extension_loaded'));
    echo '- peers: ', implode(', ', $peers), "\n";
}

/** A table of the bars, and whether each is met. With `$some`, those that were not measured are left out. */
function print_bars(array $bars, Results $results, bool $some, bool $quick): void
{
    echo "\n## Bars\n\n| issue | bar | limit | measured | |\n| ---: | --- | ---: | ---: | --- |\n";
    $met = $missed = 0;
    foreach ($bars as $bar) {
        [$issue, $text, $measured] = $bar;
        $number = round($measured($results), 2);
        if (is_nan($number) && $some) {
            continue;
        }
        $ok = isset($bar['limit']) ? $number <= $bar['limit'] : $number >= $bar['at least'];
        is_nan($number) ? null : ($ok ? $met++ : $missed++);
        printf("| %d | %s | %s %s | %s | %s |\n", $issue, $text, isset($bar['limit']) ? '≤' : '≥', $bar['limit'] ?? $bar['at least'],
            is_nan($number) ? '–' : sprintf('%.2f', $number), is_nan($number) ? 'not measured' : ($ok ? 'met' : '**not met**'));
    }
    echo "\n$met met, $missed not met", $quick ? ' (a quick run: stores are smaller than the bars say)' : '', ".\n";
}
