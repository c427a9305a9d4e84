<?php
/* php main.php [--quick] [--only=KINDS] [--churn=N] POOL=INI …: see benches/requests, which calls it, and starts the pools. */

require __DIR__ . '/../../../php-tests/include/peer.inc';
require __DIR__ . '/../fixtures.php';
require __DIR__ . '/../Bench.php';
require __DIR__ . '/../report.php';
require __DIR__ . '/../FastCgi.php';
require __DIR__ . '/values.php';

/** How many requests a worker is asked, before the next one takes its place. */
const REQUESTS = 12;

/** A pool with one worker, and the directory that it works in. */
final class Pool
{
    private FastCgi $client;
    private ?Peer $writer = null;

    public function __construct(public readonly string $directory, string $socket, private string $ini)
    {
        $this->client = new FastCgi($socket);
    }

    /** @return array<string, float> */
    public function ask(string $do, string $kind = '', int $salt = 0, array $more = []): array
    {
        return json_decode($this->client->request(__DIR__ . '/request.php', ['do' => $do, 'directory' => $this->directory, 'kind' => $kind, 'salt' => $salt] + $more), true, flags: JSON_THROW_ON_ERROR);
    }

    /** Another process writes all values of a kind. */
    public function write(string $kind, int $salt = 0): void
    {
        $this->writer ??= Peer::start(['env', "PHPRC=$this->ini", PHP_BINARY, __DIR__ . '/writer.php', $this->directory]);
        $this->writer->tell(array_search($kind, array_keys(KINDS)) . " $salt");
        $this->writer->hear();
    }

    /** A new worker takes the place of this one; it has run a script, and seen no store. */
    public function renew(): void
    {
        $old = $this->ask('pid')['pid'];
        posix_kill((int) $old, SIGTERM);
        $this->client->close();
        for ($i = 0; $i < 1_000; $i++) {
            try {
                if ($this->ask('pid')['pid'] !== $old) {
                    return;
                }
            } catch (Exception) {
                // It is about to end.
            }
            $this->client->close();
            usleep(5_000);
        }
        throw new Exception('The pool starts no new worker.');
    }
}

/** The files that requests include: names, and for each kind a file for each name that returns its value. */
function make_includes(string $directory): void
{
    $names = $files = $keys = [];
    foreach (array_keys(KINDS) as $kind) {
        $below = store_of($directory, $kind) . '-files';
        mkdir($below);
        $names[$kind] = names_of($kind);
        foreach ($names[$kind] as $n => $name) {
            $keys[$kind][] = "$kind $name";
            $files[$kind][] = "$below/$name.php";
            file_put_contents("$below/$name.php", '<?php return ' . var_export(value_of($kind, $n), true) . ';');
        }
    }
    foreach (['names' => $names, 'names-of-apcu' => $keys, 'files' => $files] as $file => $content) {
        file_put_contents("$directory/$file.php", '<?php return ' . var_export($content, true) . ';');
    }
}

/**
 * One kind: in each round the pools' workers are new, and take turns, request by request.
 *
 * @param array<string, array{Pool, string}> $subjects the pool, and what its requests do
 * @return array<string, array<int, list<float>>> nanoseconds a read, by subject, number of the request, and round
 */
function rounds(array $subjects, string $kind, int $rounds, bool $changed): array
{
    $took = [];
    for ($round = 0; $round < $rounds; $round++) {
        foreach ($subjects as [$pool]) {
            $pool->renew();
        }
        for ($request = 1; $request <= REQUESTS; $request++) {
            // The first one is another from request to request.
            foreach ($request % 2 ? $subjects : array_reverse($subjects) as $who => [$pool, $do]) {
                if ($changed) {
                    $pool->write($kind, $request);
                }
                $took[$who][$request][] = $pool->ask($do, $kind, $changed ? $request : 0)['ns'];
            }
        }
    }
    return $took;
}

$options = getopt('', ['quick', 'only:', 'churn:'], $rest);
$quick = isset($options['quick']);
$only = isset($options['only']) ? explode(',', $options['only']) : null;
$wanted = fn (string $name) => !$only || array_filter($only, fn ($word) => str_contains($name, $word));
$rounds = $quick ? 3 : 9;
$churn = (int) ($options['churn'] ?? ($quick ? 2_000 : 100_000));
$work = getenv('SYNC_BENCH_DIR');

print_machine('Requests to PHP-FPM');
echo '- command: benches/requests ', implode(' ', array_slice($argv, 1, $rest - 1)), "\n";
echo "- one worker each; timed inside of the script; APCu with apc.serializer=default; 1,000 names (50 of arrays of 1,000), each read once in a request; ns a read, the loop around it included\n";
echo "- median of $rounds workers, whose requests take turns with those of the other pools; of the third and later requests the fastest\n";

$pools = [];
foreach (array_slice($argv, $rest) as $name) {
    mkdir("$work/$name");
    make_includes("$work/$name");
    $pools[$name] = new Pool("$work/$name", "$work/$name.sock", "$work/$name.ini");
}
$results = new Results;
$table = static function (string $title, array $took) use ($results, $rounds): void {
    $who = array_keys($took);
    echo "\n## $title\n\n| request | ", implode(' | ', $who), " |\n| --- |", str_repeat(' ---: |', count($who)), "\n";
    for ($request = 1; $request <= 5; $request++) {
        echo "| $request | ", implode(' | ', array_map(fn ($of) => ns(median($of[$request])), $took)), " |\n";
    }
    foreach ($took as $of => $by) {
        for ($round = 0; $round < $rounds; $round++) {
            $in = array_map(fn ($all) => $all[$round], $by);
            $results->samples[$title]["$of, first"][] = $in[1];
            $results->samples[$title]["$of, second"][] = $in[2];
            $results->samples[$title]["$of, later"][] = min(array_slice($in, 2));
            $results->samples[$title]["$of, the first five"][] = array_sum(array_slice($in, 0, 5));
        }
    }
    echo '| third and later | ', implode(' | ', array_map(fn ($of) => ns($results->ns($title, "$of, later")), $who)), " |\n";
};
foreach (array_keys(KINDS) as $kind) {
    if (!$wanted($kind)) {
        continue;
    }
    $subjects = ['Sync' => [$pools['new'], 'sync']];
    isset($pools['old']) && $subjects['Sync before'] = [$pools['old'], 'sync'];
    foreach ($subjects as [$pool]) {
        $pool->write($kind);
    }
    $peers = $pools['peers'];
    try {
        $peers->ask('fill apcu', $kind);
        $others = ['APCu' => [$peers, 'apcu']];
    } catch (Exception $e) {
        echo "\nAPCu is left out: {$e->getMessage()}\n";
        $others = [];
    }
    KINDS[$kind] && $others['include'] = [$peers, 'include'];
    $table($kind, rounds($subjects + $others, $kind, $rounds, changed: false));
    $table("$kind, all written by another process before each request", rounds($subjects, $kind, $rounds, changed: true));
}
if ($wanted('new')) {
    $took = [];
    $both = array_intersect_key($pools, ['new' => 1, 'old' => 1]);
    foreach ($both as $pool) {
        $pool->write('int');
        $pool->renew();
    }
    // By a worker that is busy; by one that has slept for more than a tick of the clock, while others have used the processor's caches; and
    // many in one request.
    foreach (['first in a request' => ['first', 0], 'the same, after a pause of 5 ms' => ['first', 5_000], 'in a loop' => ['new', 0]] as $what => [$do, $pause]) {
        for ($round = 0; $round < ($quick ? 20 : 80); $round++) {
            foreach ($both as $name => $pool) {
                for ($request = 0; $request < 10; $request++) {
                    usleep($pause);
                    $took[$name][$what][] = $pool->ask($do)['ns'];
                }
            }
        }
    }
    echo "\n## A new object on a file that the worker has open, and a read: of ten requests in a row the fastest, in the median\n\n| | ", implode(' | ', array_keys($took['new'])), " |\n| --- | ---: | ---: | ---: |\n";
    foreach ($took as $name => $by) {
        foreach ($by as $what => $all) {
            $by[$what] = $results->numbers['new']["$name, $what"] = median(array_map(min(...), array_chunk($all, 10)));
        }
        printf("| %s | %s |\n", $name === 'new' ? 'Sync' : 'Sync before', implode(' | ', array_map(ns(...), $by)));
    }
}
if ($wanted('beyond')) {
    $took = [];
    foreach (array_intersect_key($pools, ['new' => 1, 'old' => 1]) as $name => $pool) {
        $pool->renew();
        $pool->ask('fill beyond');
        $pool->renew();
        for ($request = 1; $request <= 5; $request++) {
            $took[$name === 'new' ? 'Sync' : 'Sync before'][$request] = $pool->ask('beyond')['ns'];
        }
    }
    echo "\n## A read in requests that each read 60,000 short strings, more than the cache can hold\n\n| request | ", implode(' | ', array_keys($took)), " |\n| --- |", str_repeat(' ---: |', count($took)), "\n";
    for ($request = 1; $request <= 5; $request++) {
        echo "| $request | ", implode(' | ', array_map(fn ($of) => ns($of[$request]), $took)), " |\n";
    }
    $results->numbers['beyond']['slowest of the later, in the first'] = max(array_slice($took['Sync'], 1)) / $took['Sync'][1];
}
if ($wanted('churn')) {
    echo "\n## A worker, over $churn requests that read, write and remove values, and make and destroy stores\n\n| requests | memory, KiB | descriptors | mappings | names in the cache | bytes in it, at most |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n";
    $pools['new']->renew();
    $most = 0;
    for ($request = 1; $request <= $churn; $request++) {
        $look = $request % max(1, intdiv($churn, 1_000)) === 0;
        $answer = $pools['new']->ask('churn', salt: $request, more: $look ? ['look' => 1] : []);
        if ($look) {
            $most = max($most, $answer['cache']);
            $tenth = intdiv(10 * ($request - 1), $churn) + 1;
            foreach ($answer as $what => $number) {
                $results->samples[$what][$tenth][] = $number;
            }
        }
        if ($request % intdiv($churn, 10) === 0) {
            $results->numbers['churn']['cache'] = $most;
            echo '| ', implode(' | ', array_map(number_format(...), [$request, $answer['KiB'], $answer['descriptors'], $answer['mappings'], $answer['names'], $most])), " |\n";
        }
    }
}
print_bars(require __DIR__ . '/../../bars-requests.php', $results, true, $quick);
