--TEST--
The examples run as they are, each program in a process of its own
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function php(string $arguments): string
{
    return (string) shell_exec(implode(' ', array_map('escapeshellarg', php_command())) . " $arguments 2>&1");
}

function example(string $arguments): string
{
    return php(dirname(__DIR__, 2) . "/examples/$arguments");
}

echo "-- hello\n";
putenv('SYNC_FILE=' . scratch('hello'));
echo example('hello/hear.php');
echo preg_replace('~\d+~', 'N', example('hello/say.php "Good morning"'));
echo preg_replace('~\d+~', 'N', example('hello/hear.php'));

echo "-- progress\n";
putenv('SYNC_FILE=' . scratch('progress'));
$page = '$_GET["json"] = 1; require ' . var_export(dirname(__DIR__, 2) . '/examples/progress/index.php', true) . ';';
echo php('-r ' . escapeshellarg($page)), "\n";
echo example('progress/task.php 3');
echo preg_replace(['~"j\w+"~', '~"pid":\d+~', '~"since":[\d.]+~'], ['"ID"', '"pid":N', '"since":T'], php('-r ' . escapeshellarg($page))), "\n";
echo example('progress/task.php --job=none');

echo "-- inspector\n";
echo example('inspector.php');

echo "-- workers\n";
putenv('SYNC_FILE=' . scratch('workers'));
$lines = explode("\n", trim(example('workers/run.php 3 20')));
echo array_pop($lines), "\n";
echo array_sum(preg_replace('~.* did (\d+) jobs\.~', '$1', $lines)), " jobs by workers\n";
var_dump(scratch_exists('workers'));

echo "-- queue\n";
putenv('SYNC_FILE=' . scratch('queue'));
echo example('queue/run.php 3 60');
var_dump(scratch_exists('queue'));

echo "-- once\n";
putenv('SYNC_FILE=' . scratch('once'));
$first = Peer::start([...php_command(), dirname(__DIR__, 2) . '/examples/once/report.php', '1000']);
$sync = new Sync(scratch('once'));
while (!isset($sync->left)) {
    usleep(1000);
}
echo preg_replace(['~\d\d:\d\d:\d\d~', "~{$first->pid()}~"], ['TIME', 'N'], example('once/report.php'));
$first->kill()->end();
echo example('once/report.php 0');

echo "-- rate-limit\n";
putenv('SYNC_FILE=' . scratch('rate-limit'));
echo preg_replace('~\d+$~m', 'N', example('rate-limit/run.php 10.0.0.1 2 1000'));
echo example('rate-limit/run.php 10.0.0.2 1 1000 | head -n 1');

echo "-- watch\n";
putenv('SYNC_FILE=' . scratch('watch'));
$watch = Peer::start([...php_command(), dirname(__DIR__, 2) . '/examples/watch/watch.php']);
echo example('watch/work.php 1');
// (It need not see each step.)
echo $watch->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
-- hello
Nobody has said anything. Try: php examples/hello/say.php
Process N said: Good morning
Process N hears what process N said: Good morning
-- progress
{}
Did 3 steps.
{"ID":{"name":"From the terminal","steps":3,"done":3,"state":"done","cancel":false,"pid":N,"since":T}}
There is no such job, or another process is at it.
-- inspector
This page shows all that is stored, so it has to know who may see it. Set PASSWORD at the top of its file, or, where the
web server lets only those in who may, IS_BEHIND_A_LOGIN.
-- workers
20 results; their sum is 2870.
20 jobs by workers
bool(false)
-- queue
[........................................] 0 of 60
[########################################] 60 of 60
60 results; their sum is 73810.
bool(false)
-- once
Process N has been at it since TIME.
Report 1 is done.
-- rate-limit
Come in.
Come in.
429 Too Many Requests, Retry-After: N
Come in.
-- watch
%A100 % %s
exit 0
