--TEST--
The original's workers that share a counter through lock() and unlock() run unchanged
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$file = scratch('workers.sync');
$sync = new \Sync($file);
$sync->counter = 0;
$sync->results = [];
$workers = [];
for ($i = 0; $i < 3; $i++) {
    $workers[] = Peer::php(<<<'PHP'
        $sync = new Sync($argv[1]);
        for ($j = 0; $j < 20; $j++) {
            $sync->lock();
            $sync->counter = $sync->counter + 1;
            $results = $sync->results;
            $results[] = "$argv[2]:$j";
            $sync->results = $results;
            $sync->unlock();
        }
        PHP, $file, "worker$i");
}
foreach ($workers as $worker) {
    echo $worker->end(), "\n";
}
var_dump($sync->counter, count(array_unique($sync->results)));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
int(60)
int(60)
