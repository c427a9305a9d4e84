--TEST--
Each worker of a server keeps values of its own, and what it keeps is never older than what another one has written
--FILE--
<?php
require __DIR__ . '/../include/kept-values.inc';

make_kept_values();
$log = scratch_file('log');
putenv('PHP_CLI_SERVER_WORKERS=3');
$server = web_server(scratch_directory(), kept_values_settings(), $log);
use_kept_values($server, 10);
look_into_log($log);
scratch_page(<<<'PHP'
    <?php
    $s = new Sync(STORES . '/store');
    $seen = [$s->number, $s->text, $s->map];
    $s->number = $_GET['number'];
    $s->text = "text $s->number";
    $s->map['number'] = $s->text;
    echo json_encode([$seen, getmypid()]);
    PHP);
$s = new Sync(scratch());
[$s->number, $s->text, $s->map] = ['0', 'text 0', ['number' => 'text 0']];
$workers = [];
for ($number = 1; $number <= 500; $number++) {
    [$seen, $worker] = json_decode($server("number=$number"), true);
    $workers[$worker] = true;
    $before = $number - 1;
    if ($seen !== ["$before", "text $before", ['number' => "text $before"]]) {
        echo "$number: ", json_encode($seen), "\n";
    }
}
// (Which of them takes a request is up to the kernel.)
echo count($workers) <= 4 ? "done\n" : "workers die\n";
foreach (array_keys($workers) as $worker) {
    posix_kill($worker, SIGKILL);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it is still there
and says nothing
done
