<?php
// Works, and says how far it is: see watch.php beside it. The steps take 0.2 seconds, or as many milliseconds as the argument says.

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/watch.sync');
$words = ['fetching', 'sorting', 'counting', 'writing'];

$sync->setData((object) ['steps' => count($words), 'done' => 0, 'now' => '']);
foreach ($words as $word) {
    $sync->now = $word;
    usleep(1000 * (int) ($argv[1] ?? 200));
    $sync->done++;
}
$sync->now = 'done';
