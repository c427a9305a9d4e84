<?php
/*
 * A long-running task that tells how far it is. Start the page that shows it, open it in a browser,
 * and then start the task:
 *
 *   php -S localhost:8000 -t examples/progress
 *   php examples/progress/task.php [STEPS]
 */

$steps = (int) ($argv[1] ?? 200);
$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/progress.sync');

$sync->setData((object) ['pid' => getmypid(), 'steps' => $steps, 'done' => 0]);

for ($done = 1; $done <= $steps; $done++) {
    usleep(50_000); // … the work …
    $sync->done = $done;
}

echo "Did $steps steps.\n";
