--TEST--
Where the system refuses memory PHP says so, and nothing is aborted; the file stays whole
--INI--
memory_limit=-1
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip valgrind itself would be refused memory');
}
if (disk_free_space('/dev/shm') < 400 << 20) {
    die('skip needs 400 MB on /dev/shm');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$megabyte = str_repeat('x', 1 << 20);
$s = new Sync(scratch());
$s->array = array_fill(0, 80, $megabyte);
$s->string = str_repeat('y', 80 << 20);
$s->list = [0];
for ($i = 0; $i < 80; $i++) {
    $s->list[] = $megabyte;
}
$s->n = 1;
// (A server has no files of the pure-PHP class.)
on_server() || file_put_contents(scratch('old'), serialize((object) ['timeout' => 0, 'interval' => 0, 'data' => (object) ['n' => 1, 'x' => str_repeat('z', 80 << 20)]]));
unset($megabyte);
$ways = [
    '$s->array;', '$s->string;', '$s->list;', 'foreach ($s as $v);', '$s->getData();', '(array) $s;', 'json_encode($s);',
    '$s->n = array_fill(0, 200, str_repeat("x", 1 << 20));',
    '$s->list[] = array_fill(0, 200, str_repeat("x", 1 << 20));',
    '$s->setData((object) array_fill(0, 200, str_repeat("x", 1 << 20)));',
    ...on_server() ? [] : ['(new Sync($argv[1] . "/old"))->n;', '(new Sync($argv[1] . "/old"))->set("n", 2);'],
];
foreach ($ways as $way) {
    // The limit applies to private memory; the mapping of the file is not limited.
    $command = ['sh', '-c', 'ulimit -d 100000; exec "$@" 2>&1', 'sh', ...php_command(), '-r', '$s = new Sync($argv[1] . "/store");' . $way . 'echo "nothing was thrown\n";', '--', scratch_stores()];
    $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
    $output = stream_get_contents($pipes[1]);
    $status = proc_close($process);
    if (str_contains($output, 'memory allocation of') || $status > 128 && $status < 255 || !preg_match('/memory|nothing was thrown/i', $output)) {
        echo "$way: exit status $status, $output\n";
    }
    if ($s->n !== 1 || count($s) !== 4 || count($s->list) !== 81) {
        echo "$way: something has changed\n";
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
