<?php

declare(strict_types=1);

/*
 * adapters.php ROUNDS: see benches/adapters, which calls it. Each figure is the median of the rounds; the caches take turns within a round.
 */

require dirname(__DIR__).'/packages/sync-php/tests/bootstrap.php';

use Symfony\Component\Cache\Adapter\ApcuAdapter;
use Symfony\Component\Cache\Adapter\RedisAdapter;
use Symfony\Component\Cache\Psr16Cache;
use Sync\Session\SessionHandler;

// A session starts only before the first output.
ob_start();

const WORKERS = 10;
/** Microseconds that each worker has the session. */
const WORK = 5000;

$folder = getenv('SYNC_ADAPTERS');
$rounds = (int) $argv[1];

/** @param list<float> $values */
function median(array $values): float
{
    sort($values);

    return $values[intdiv(count($values), 2)];
}

/** Microseconds of one call. */
function microseconds(Closure $call, int $times): float
{
    $start = hrtime(true);
    for ($i = 0; $i < $times; ++$i) {
        $call();
    }

    return (hrtime(true) - $start) / 1e3 / $times;
}

/**
 * @param array<string, Closure> $calls
 *
 * @return array<string, float> microseconds by name
 */
function measure(array $calls, int $rounds, int $times): array
{
    $found = [];
    for ($round = 0; $round < $rounds; ++$round) {
        foreach ($calls as $name => $call) {
            $found[$name][] = microseconds($call, $times);
        }
    }

    return array_map(median(...), $found);
}

$missed = false;
function bar(string $what, float $found, float $bar, string $unit): void
{
    global $missed;
    $missed = $missed || $found > $bar;
    printf("%-62s %8.2f %s (bar: <= %.2f) %s\n", $what, $found, $unit, $bar, $found <= $bar ? 'ok' : 'MISSED');
}

/** @param array<string, float> $found */
function lines(string $title, array $found): void
{
    echo "\n== $title\n";
    foreach ($found as $name => $microseconds) {
        printf("%-62s %8.2f µs\n", $name, $microseconds);
    }
}

$value = ['id' => 17, 'name' => 'anna', 'roles' => ['admin', 'editor'], 'seen' => 1.5];
$caches = [
    'Sync\Psr16\Cache' => new Sync\Psr16\Cache("$folder/cache.sync"),
    'Psr16Cache of Sync\Symfony\CacheAdapter' => new Psr16Cache(new Sync\Symfony\CacheAdapter("$folder/adapter.sync")),
];
if (extension_loaded('apcu')) {
    $caches['Psr16Cache of ApcuAdapter'] = new Psr16Cache(new ApcuAdapter());
}
if (extension_loaded('redis') && file_exists("$folder/redis")) {
    $redis = new Redis();
    $redis->connect("$folder/redis");
    $caches['Psr16Cache of RedisAdapter, a Unix socket'] = new Psr16Cache(new RedisAdapter($redis));
}
foreach ($caches as $cache) {
    $cache->set('user', $value);
    assert($cache->get('user') === $value);
}
$get = measure(array_map(fn ($cache) => fn () => $cache->get('user'), $caches), $rounds, 2000);
lines('PSR-16 get() of a small array', $get);
$set = measure(array_map(fn ($cache) => fn () => $cache->set('user', $value, 60), $caches), $rounds, 1000);
lines('PSR-16 set() of a small array, with a TTL', $set);

// PHP's own files, and Sync; in processes of their own, since a handler stays for its process.
$session = [];
for ($round = 0; $round < $rounds; ++$round) {
    foreach (['files', 'Sync'] as $handler) {
        [$session[$handler][]] = in_processes(1, function () use ($handler, $folder) {
            if ('Sync' === $handler) {
                session_set_save_handler(new SessionHandler("$folder/session.sync"), true);
            } else {
                ini_set('session.save_path', $folder);
            }
            $n = 0;

            return microseconds(function () use (&$n) {
                session_id('bench');
                session_start();
                $_SESSION['n'] = ++$n;
                session_write_close();
            }, 1000);
        });
    }
}
$session = array_map(median(...), $session);
lines('A session: start, change, close', $session);

$extra = [];
for ($round = 0; $round < $rounds; ++$round) {
    $gate = new Sync("$folder/gate$round.sync");
    $workers = [];
    for ($i = 0; $i < WORKERS; ++$i) {
        $workers[] = start_process(function () use ($folder, $round) {
            $gate = new Sync("$folder/gate$round.sync");
            // A worker of a server has its classes and its file before the request comes.
            $handler = new SessionHandler("$folder/turns.sync");
            $handler->open('', '');
            $handler->read('another');
            $handler->close();
            $gate->increment('ready');
            $gate->waitFor('open', fn ($open) => true === $open, 10.0);
            $data = $handler->read("turns$round");
            $start = hrtime(true);
            usleep(WORK);
            $worked = hrtime(true) - $start;
            $handler->write("turns$round", (string) ((int) $data + 1));
            $handler->close();

            return [$worked, hrtime(true)];
        });
    }
    $gate->waitFor('ready', fn ($ready) => WORKERS === $ready, 10.0);
    $start = hrtime(true);
    $gate->open = true;
    $results = array_map(result_of(...), $workers);
    if ((new Sync("$folder/turns.sync"))->get("session.turns$round") !== (string) WORKERS) {
        throw new Exception('a worker did not wait for its turn');
    }
    // The end of the last one, less the work of all.
    $extra[] = (max(array_column($results, 1)) - $start - array_sum(array_column($results, 0))) / 1e6 / WORKERS;
}
$extra = median($extra);

echo "\n== Bars\n";
if (isset($get['Psr16Cache of ApcuAdapter'])) {
    bar('PSR-16 get(), against ApcuAdapter', $get['Sync\Psr16\Cache'], $get['Psr16Cache of ApcuAdapter'], 'µs');
} else {
    echo "PSR-16 get(): no APCu to compare with\n";
    $missed = true;
}
bar('session without contention, against files', $session['Sync'], $session['files'], 'µs');
bar(WORKERS.' workers of one session: a turn, beyond its work', $extra, 1.0, 'ms');
exit($missed ? 1 : 0);
