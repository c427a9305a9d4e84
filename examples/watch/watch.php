<?php
// Shows the progress of work.php as it happens, without polling: the program sleeps until something has changed.
//     php examples/watch/watch.php & php examples/watch/work.php

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/watch.sync');

// No file yet, or that of an earlier run: until somebody works.
$steps = $sync->waitFor('steps', fn ($steps) => $steps !== null);
do {
    $done = $sync->get('done', 0);
    printf("%3d %% %s\n", 100 * $done / $steps, $sync->get('now', ''));
} while ($done < $steps && $sync->wait(['done', 'now'], 60.0));
