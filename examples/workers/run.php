<?php
/*
 * Workers that share a list of jobs and a list of results. Taking a job is several statements:
 * `lock()` makes all other processes wait until `unlock()`, so that no job is done twice.
 *
 *   php examples/workers/run.php [WORKERS] [JOBS]
 */

const FILE = '/dev/shm/workers.sync';

function work(Sync $sync): void
{
    while (($job = takeJob($sync)) !== null) {
        $result = $job ** 2; // … the work, during which others work as well …
        usleep(10_000);
        keepResult($sync, $job, $result);
    }
}

function takeJob(Sync $sync): ?int
{
    $sync->lock();
    try {
        $jobs = $sync->jobs;
        $job = array_shift($jobs);
        $sync->jobs = $jobs;
        return $job;
    } finally {
        $sync->unlock(); // would happen as well if this worker were killed in here
    }
}

function keepResult(Sync $sync, int $job, int $result): void
{
    // One statement is one step to all others: no lock needed.
    $sync->results[$job] = ['by' => getmypid(), 'result' => $result];
}

$workers = (int) ($argv[1] ?? 4);
$jobs = (int) ($argv[2] ?? 40);
$file = getenv('SYNC_FILE') ?: FILE;

$sync = new Sync($file);
$sync->setData((object) ['jobs' => range(1, $jobs), 'results' => []]);

for ($i = 0; $i < $workers; $i++) {
    if (pcntl_fork() === 0) {
        work(new Sync($file));
        exit(0);
    }
}
while (pcntl_wait($status) > 0);

foreach (array_count_values(array_column($sync->results, 'by')) as $worker => $done) {
    echo "Worker $worker did $done jobs.\n";
}
echo count($sync->results), " results; their sum is ", array_sum(array_column($sync->results, 'result')), ".\n";

$sync->destroy();
