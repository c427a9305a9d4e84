<?php
/*
 * A worker pool with a queue, and a progress bar in the terminal.
 *
 *   php examples/queue/run.php [WORKERS] [JOBS]
 *
 * The parent pushes jobs, each of which goes to exactly one worker; a worker that has nothing to do waits without taking time from
 * others. A worker that dies takes the job it was at with it, and no other: the parent sees which one that was.
 */

function work(Sync $sync): void
{
    while (($job = $sync->shift('jobs', timeout: null)) !== 'enough') {
        $sync->at[getmypid()] = $job;
        usleep(5_000); // … the work …
        $sync->push('results', $job ** 2);
        unset($sync->at[getmypid()]);
        $sync->increment('done');
    }
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
$sync->setData((object) ['jobs' => [], 'results' => [], 'at' => [], 'done' => 0]);
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
        show($sync->done, $jobs);
    }
    usleep(20_000);
}
show($sync->done, $jobs);
echo count($sync->results), ' results; their sum is ', array_sum($sync->results), '; ', count($sync->at), " jobs were lost.\n";

$sync->destroy();
