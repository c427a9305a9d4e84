<?php
/*
 * A long-running task that tells how far it is. index.php starts it with the id of a job; from a terminal, or by cron, it
 * makes a job of its own, which the page shows like the others:
 *
 *   php examples/progress/task.php [STEPS] [NAME]
 *   php examples/progress/task.php --job=ID
 */

if (PHP_SAPI !== 'cli') {
    exit; // it lies where the web server may find it
}
require __DIR__ . '/jobs.php';

$jobs = new Jobs;
$sync = $jobs->sync;

$argument = $argv[1] ?? '100';
$id = str_starts_with($argument, '--job=')
    ? substr($argument, strlen('--job='))
    : add($jobs, $argv[2] ?? 'From the terminal', max(1, (int) $argument));
if ($id === null) {
    exit("Too many jobs are at work.\n");
}

// The lock ends with this process, and so says that it lives. (A page may have it for a moment, while it looks.)
$is_mine = $sync->tryLock("job $id", 5)
    && $jobs->change($id, ['pid' => getmypid(), 'state' => 'running'], fn ($job) => $job['state'] === 'starting');
if (!$is_mine) {
    exit("There is no such job, or another process is at it.\n");
}
$steps = $jobs->one($id)['steps'] ?? 0;

for ($done = 1; $done <= $steps; $done++) {
    if ($jobs->one($id)['cancel'] ?? true) {
        break; // or somebody has emptied the file
    }
    usleep(50_000); // … one step of the work …
    $jobs->change($id, ['done' => $done]);
}

$is_done = $steps > 0 && $done > $steps;
$jobs->change($id, ['state' => $is_done ? 'done' : 'canceled']);
echo $is_done ? "Did $steps steps.\n" : "Canceled.\n";

/** As Jobs::add(), for a terminal. */
function add(Jobs $jobs, string $name, int $steps): ?string
{
    try {
        return $jobs->add($name, $steps);
    } catch (NotAJob $e) {
        exit($e->getMessage() . "\n");
    }
}
