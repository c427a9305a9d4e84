<?php
/* php compare.php OLD.ini NEW.ini [--only=STATEMENTS] [--pairs=N] [--count]: see benches/compare, which calls it. */

require __DIR__ . '/../../php-tests/include/peer.inc';
require __DIR__ . '/Bench.php';

/** Pairs of samples that one pair of processes takes. The next pair of processes has another memory layout, which matters. */
const PAIRS_EACH = 8;

/** The resolution that the clock must reach: a wider interval is not trusted. */
const APART = 1.03;

/** A ratio above this counts as slower, where the statement does not set another limit. */
const SLOWER = 1.05;

/** Turns whose instructions are counted: enough to spread the cost of a clock tick over them. */
const COUNTED_TURNS = 2_000;

/** One build of the extension, as the php.ini that loads it, with a directory of its own for files. */
final class Build
{
    public function __construct(private string $ini, private string $directory)
    {
        mkdir($directory);
    }

    /** A process that measures a statement. */
    public function start(string $statement): Peer
    {
        return Peer::start($this->command([], $statement));
    }

    public function clear(): void
    {
        array_map(unlink(...), glob("$this->directory/*"));
    }

    /** Instructions of one turn; null where valgrind is missing. */
    public function count(string $statement, int $turns): ?float
    {
        $out = "$this->directory/callgrind";
        $counter = ['valgrind', '--tool=callgrind', "--callgrind-out-file=$out", '--dump-before=' . Bench::MARK];
        $this->clear();
        exec(implode(' ', array_map(escapeshellarg(...), $this->command($counter, $statement, (string) $turns))) . ' 2>&1', $said, $status);
        // The profiles are numbered: up to the first mark, the warm-up, up to the third mark, and the counted part.
        $profile = @file_get_contents("$out.4");
        if ($status !== 0 || !$profile || !preg_match('/^totals: (\d+)/m', $profile, $total)) {
            throw new Exception("callgrind counts nothing: " . implode("\n", array_slice($said, -5)));
        }
        return $total[1] / $turns;
    }

    /** @return list<string> */
    private function command(array $before, string ...$arguments): array
    {
        // The engine's allocator stays on, under valgrind, too: it is measured as in ordinary use, not the C library's.
        return ['env', "PHPRC=$this->ini", "SYNC_BENCH_DIR=$this->directory", ...$before, PHP_BINARY, __DIR__ . '/subject.php', ...$arguments];
    }
}

/** The times measured for one statement. */
final class Pairs
{
    /** @var list<float> nanoseconds a turn, in pairs */
    public array $old = [], $new = [];

    public function ratio(): float
    {
        return median($this->ratios());
    }

    public function ratioOfBest(): float
    {
        return min($this->new) / min($this->old);
    }

    /** The interval in which the median lies, nineteen times out of twenty: between these two of the ratios. */
    public function interval(): array
    {
        $ratios = $this->ratios();
        sort($ratios);
        $count = count($ratios);
        $from = max(0, (int) floor($count / 2 - 0.98 * sqrt($count)));
        return [$ratios[$from], $ratios[$count - 1 - $from]];
    }

    public function tells(): bool
    {
        [$low, $high] = $this->interval();
        return $high / $low <= APART;
    }

    private function ratios(): array
    {
        return array_map(fn ($new, $old) => $new / $old, $this->new, $this->old);
    }
}

/** Both builds take turns; which of them is first changes from pair to pair. */
function measure(string $statement, Build $old, Build $new, int $pairs): Pairs
{
    $result = new Pairs;
    while (count($result->old) < $pairs) {
        $old->clear();
        $new->clear();
        $processes = ['old' => $old->start($statement), 'new' => $new->start($statement)];
        $turns = max(array_map(fn ($process) => (int) $process->hear(), $processes));
        for ($pair = 0; $pair < PAIRS_EACH; $pair++) {
            foreach ($pair % 2 ? $processes : array_reverse($processes) as $which => $process) {
                $process->tell((string) $turns);
                $result->$which[] = (float) $process->hear();
            }
        }
        foreach ($processes as $process) {
            $process->tell('end');
            $process->end();
        }
    }
    return $result;
}

function ns(float $ns): string
{
    return $ns < 100 ? sprintf('%.1f', $ns) : number_format($ns);
}

$options = getopt('', ['only:', 'pairs:', 'count'], $rest);
[$oldIni, $newIni] = array_slice($argv, $rest);
$directory = getenv('SYNC_BENCH_DIR');
$old = new Build($oldIni, "$directory/old");
$new = new Build($newIni, "$directory/new");
$pairs = (int) ceil(max(30, $options['pairs'] ?? 0) / PAIRS_EACH) * PAIRS_EACH;
$counts = trim((string) shell_exec('command -v valgrind')) !== '';
$statements = require __DIR__ . '/../statements.php';
if (isset($options['only'])) {
    $words = explode(',', $options['only']);
    $statements = array_filter($statements, fn ($name) => array_filter($words, fn ($word) => str_contains($name, $word)), ARRAY_FILTER_USE_KEY);
}

printf("Two builds, on PHP %s: two processes take turns, %d pairs. × is new to old: of the medians of all pairs (and the interval\n", PHP_VERSION, $pairs);
echo 'in which that lies, nineteen times out of twenty), of the best of each, and of the instructions counted, ',
    $counts ? "where the clock\ncannot tell 3 % apart" : "which needs\nvalgrind", ".\n\n";
echo "| | old, ns | new, ns | × median | | × best | × counted | |\n| --- | ---: | ---: | ---: | --- | ---: | ---: | --- |\n";
$slower = [];
foreach ($statements as $name => $case) {
    $clock = measure($name, $old, $new, $pairs);
    $counted = null;
    if ($counts && (isset($options['count']) || !$clock->tells())) {
        $turns = min(COUNTED_TURNS, $case['at most'] ?? PHP_INT_MAX);
        $counted = $new->count($name, $turns) / $old->count($name, $turns);
    }
    // Where the clock cannot tell, the instruction count decides; without one the result is open.
    $ratio = $clock->tells() ? $clock->ratio() : $counted;
    $limit = $case['limit'] ?? SLOWER;
    if ($ratio > $limit) {
        $slower[] = $name;
    }
    $times = $case['times'] ?? 1;
    printf(
        "| `%s` | %s | %s | %.3f | %.3f–%.3f | %.3f | %s | %s |\n",
        $name, ns(median($clock->old) / $times), ns(median($clock->new) / $times), $clock->ratio(), ...[...$clock->interval(), $clock->ratioOfBest(),
        $counted === null ? '' : sprintf('%.3f', $counted), match (true) {
            $ratio === null => 'the clock cannot tell',
            $ratio > $limit => '**slower**',
            $ratio < 1 / SLOWER => 'faster',
            default => '',
        }],
    );
}
printf("\n%d statements, %d slower by more than their limit (5 %% where there is none)%s.\n", count($statements), count($slower), $slower ? ': ' . implode('; ', $slower) : '');
