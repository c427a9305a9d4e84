<?php
/*
 * A rate limiter: each client may do something so many times in a window of time, whichever process it comes to.
 *
 *   php examples/rate-limit/run.php [CLIENT] [LIMIT] [SECONDS]
 *
 * Start it some times: the client's count is shared, and begins anew when the window is over.
 */

/** Counts one more try of a client; the seconds after which it may try again, or null where it may go on. */
function wait_of(Sync $sync, string $client, int $limit, float $seconds): ?float
{
    // One step to all other processes. The first try of a window makes the count and says when it expires, the others keep that.
    $tries = $sync->increment("tries.$client", 1, $seconds);
    return $tries <= $limit ? null : $sync->ttl("tries.$client") ?? 0.0;
}

$client = $argv[1] ?? '127.0.0.1';
$limit = (int) ($argv[2] ?? 3);
$seconds = (float) ($argv[3] ?? 60);
$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/rate-limit.sync');

for ($try = 1; $try <= $limit + 1; $try++) {
    $wait = wait_of($sync, $client, $limit, $seconds);
    echo $wait === null ? "Come in.\n" : sprintf("429 Too Many Requests, Retry-After: %d\n", ceil($wait));
}
