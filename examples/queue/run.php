<?php
/*
 * A worker pool with a queue, and a progress bar in the terminal.
 *
 *   php examples/queue/run.php [WORKERS] [JOBS]
 *
 * The parent pushes jobs, and each worker consumes one after the other; one that has nothing to do waits without taking time from
 * others. The job of a worker that dies is the first in the queue again: kill one, and see that nothing is lost. As it may have been
 * nearly done, it may be done twice: so a result has a place of its own.
 */

function work(Sync $sync): void
{
    do {
        $is_last = false;
        $sync->consume('jobs', function (mixed $job) use ($sync, &$is_last) {
            if ($is_last = $job === 'enough') {
                return;
            }
            usleep(5_000); // … the work …
            $sync->results["job $job"] = $job ** 2;
        }, timeout: null);
    } while (!$is_last);
}

/** A bar of 40 signs; on a terminal it stays in its line. */
function show(int $done, int $of): void
{
    $signs = intdiv(40 * $done, max($of, 1));
    printf("%s[%s%s] %d of %d%s", stream_isatty(STDOUT) ? "\r" : '', str_repeat('#', $signs), str_repeat('.', 40 - $signs), $done, $of, stream_isatty(STDOUT) && $done < $of ? '' : "\n");
}

$workers = (int) ($argv[1] ?? 4);
$jobs = (int) ($argv[2] ?? 200);
$file = getenv('SYNC_FILE') ?: '/dev/shm/queue.sync';

$sync = new Sync($file);
$sync->setData((object) ['jobs' => [], 'results' => []]);
for ($i = 0; $i < $workers; $i++) {
    if (pcntl_fork() === 0) {
        work(new Sync($file));
        exit(0);
    }
}

// Workers take the first jobs while the last ones are pushed.
for ($job = 1; $job <= $jobs; $job++) {
    $sync->push('jobs', $job);
}
$sync->push('jobs', ...array_fill(0, $workers, 'enough'));

show(0, $jobs);
for ($running = $workers; $running > 0;) {
    $running -= pcntl_wait($status, WNOHANG) > 0 ? 1 : 0;
    if (stream_isatty(STDOUT)) {
        show(count($sync->results), $jobs);
    }
    usleep(20_000);
}
show(count($sync->results), $jobs);
echo count($sync->results), ' results; their sum is ', array_sum($sync->results), ".\n";

$sync->destroy();
