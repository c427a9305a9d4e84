<?php
/*
 * Only one of me: a program that cron may start every minute, though it sometimes takes longer than that.
 *
 *   * * * * * php /path/to/examples/once/report.php
 *
 * The lock ends with this process, however it ends: no file has to be cleaned up after a crash, and no time limit has to be
 * guessed, after which a second one would start while the first is still at work.
 */

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/once.sync');

if (!$sync->tryLock('report')) {
    foreach ($sync->stats()['locks'] as $lock) {
        if ($lock['name'] === 'report') {
            printf("Process %s has been at it since %s.\n", $lock['pid'] ?? '?', date('H:i:s', (int) $lock['since']));
        }
    }
    exit(0);
}

// The work: a step each second, for as many seconds as were asked for.
for ($left = (int) ($argv[1] ?? 3); $left > 0; $left--) {
    $sync->left = $left;
    sleep(1);
}
$sync->left = 0;
printf("Report %d is done.\n", $sync->increment('reports'));
