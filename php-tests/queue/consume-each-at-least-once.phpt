--TEST--
Several processes, some of which are killed: each element is done at least once, and none is lost
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const JOBS = 400;

$s = new Sync(scratch());
$s->push('jobs', ...range(1, JOBS));
$worker = fn () => Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    mt_srand(getmypid());
    while (count($s->jobs) > 0 || $s->stats()['consuming'] !== []) {
        try {
            $s->consume('jobs', function ($job) use ($s) {
                if (mt_rand(1, 40) === 1) {
                    posix_kill(getmypid(), SIGKILL);
                }
                if (mt_rand(1, 20) === 1) {
                    throw new Exception();
                }
                $s->increment("done $job");
                usleep(mt_rand(0, 300));
            }, 0.01);
        } catch (Exception) {
        }
    }
});
$killed = 0;
$workers = array_map($worker, range(1, 5));
while ($workers !== []) {
    $end = array_shift($workers)->end();
    if ($end === 'signal 9') {
        $killed++;
        $workers[] = $worker();
    } elseif ($end !== 'exit 0') {
        echo $end, "\n";
    }
}
$lost = 0;
for ($job = 1; $job <= JOBS; $job++) {
    $lost += ($s["done $job"] ?? 0) < 1 ? 1 : 0;
}
var_dump($lost, $killed > 0, $s->jobs, $s->stats()['consuming'], count($s) === JOBS + 1);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(0)
bool(true)
array(0) {
}
array(0) {
}
bool(true)
