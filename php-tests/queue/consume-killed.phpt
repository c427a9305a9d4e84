--TEST--
Whatever ends the process, or the script, of a consumer: its elements are back, in their order, for a program that only looks, too
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$ways = [
    'killed' => 'posix_kill(getmypid(), SIGKILL);',
    'exit' => 'exit;',
    'fatal error' => 'no_such_function();',
    'memory' => 'ini_set("memory_limit", "8M"); $x = str_repeat("x", 100_000_000);',
    'time' => 'set_time_limit(1); while (true) {}',
];
foreach ($ways as $way => $code) {
    $s->jobs = [1, 2, 3, 4];
    $child = Peer::start([...php_command(), '-d', 'display_errors=0', '-d', 'log_errors=0', '-d', 'hard_timeout=0', '-r', '
        $s = new Sync($argv[1]);
        $s->consume("jobs", function ($first) use ($s) {
            $s->consume("jobs", function ($second) use ($s) {
                ' . $code . '
            });
        });
    ', scratch()]);
    $end = $child->end();
    $looks = ['reads' => fn () => $s->jobs, 'counts' => fn () => iterator_to_array($s)['jobs'], 'takes' => fn () => [$s->shift('jobs'), ...$s->jobs]];
    foreach (array_slice($looks, 0, $way === 'killed' ? 3 : 1) as $how => $look) {
        for ($i = 0; ($found = $look()) !== [1, 2, 3, 4] && $i < 2000 && $how !== 'takes'; $i++) {
            usleep(1000);
        }
        echo "$way, $how: ", $end, ' ', json_encode($found), ' ', json_encode($s->stats()['consuming']), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
killed, reads: signal 9 [1,2,3,4] []
killed, counts: signal 9 [1,2,3,4] []
killed, takes: signal 9 [1,2,3,4] []
exit, reads: exit 0 [1,2,3,4] []
fatal error, reads: exit 255 [1,2,3,4] []
memory, reads: exit 255 [1,2,3,4] []
time, reads: exit 255 [1,2,3,4] []
