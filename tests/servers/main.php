<?php
/*
 * main.php OWN SHARED [--only=WORD] [--requests=N] [--write]: runs the cases; see scripts/test-servers.sh, which calls it with two folders. One
 * line a case; the counts go into OWN/counts. --write: puts the table into the README.
 */

require __DIR__ . '/../../php-tests/include/peer.inc';
require __DIR__ . '/../../benches/php/FastCgi.php';
require __DIR__ . '/Http.php';
require __DIR__ . '/Place.php';
require __DIR__ . '/servers.php';
require __DIR__ . '/table.php';

// A notice is a failure, too.
set_error_handler(function (int $level, string $message, string $file, int $line) {
    if (error_reporting() & $level) {
        throw new ErrorException($message, 0, $level, $file, $line);
    }
});
// The case that runs fails; its servers are stopped as always.
pcntl_async_signals(true);
foreach ([SIGINT, SIGTERM, SIGHUP] as $signal) {
    pcntl_signal($signal, fn ($signal) => exit(128 + $signal));
}
// Files that any user may write, as the README advises for several users.
umask(0);

$options = getopt('', ['only::', 'requests::', 'write'], $rest);
[$own, $shared] = array_slice($argv, $rest);
$place = new Place($own, $shared);
foreach (['page.php', 'preload.php'] as $file) {
    copy(__DIR__ . "/$file", "$own/$file");
}

$passed = $failed = 0;
$results = [];
$filter = $options['only'] ?? '';
foreach (require __DIR__ . '/cases.php' as $name => $group) {
    $wanted = array_filter($group['cases'], fn ($case) => $filter === '' || stripos("$name $case[0]", $filter) !== false);
    if (!$wanted) {
        continue;
    }
    $server = null;
    $failure = null;
    try {
        $server = $group['start']($place);
    } catch (Exception $e) {
        $failure = $e;
    }
    foreach ($wanted as $case) {
        [$mode, $what, $run] = $case;
        $started = hrtime(true);
        if (($case['root'] ?? false) && posix_geteuid() !== 0) {
            echo "SKIP    $name: $mode (needs root, for other users)\n";
            continue;
        }
        try {
            $failure && throw $failure;
            $run($server, $place, (int) ($options['requests'] ?? 100_000));
            $passed++;
            printf("passed  %s: %s (%.1f s)\n", $name, $mode, (hrtime(true) - $started) / 1e9);
            $results[] = [$name, $mode, $what, 'passed'];
        } catch (Exception $e) {
            $failed++;
            $results[] = [$name, $mode, $what, '**failed**'];
            echo "FAILED  $name: $mode: ", get_class($e), ' ', $e->getMessage(), ' at ', basename($e->getFile()), ':', $e->getLine(), "\n", $place->said();
        }
    }
    if (method_exists((object) $server, 'stop')) {
        try {
            $server->stop();
        } catch (Exception $e) {
            $failed++;
            echo "FAILED  $name: stopping: ", $e->getMessage(), "\n";
        }
    }
}

if ($filter === '' && posix_geteuid() === 0) {
    $problem = table($results, isset($options['write']));
    $problem === null ? $passed++ : $failed++;
    echo $problem === null ? "passed  The README's table is of these cases\n" : "FAILED  The README's table: $problem\n";
}
file_put_contents("$own/counts", "$passed $failed\n");
exit($failed ? 1 : 0);
