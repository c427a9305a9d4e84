--TEST--
Processes that are killed one after the other, while they count under lock(), lose no count and leave no lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
$count = function (Peer $parent) {
    $s = new Sync(scratch());
    for ($acknowledged = 0; ; $acknowledged++) {
        $s->lock(0, 5000);
        $s->n = $s->n + 1;
        $s->unlock();
        $parent->tell($acknowledged + 1);
    }
};
$acknowledged = $killed = 0;
for ($round = 0; $round < 15; $round++) {
    $workers = [Peer::fork($count), Peer::fork($count), Peer::fork($count)];
    for ($i = 0; $i < 5; $i++) {
        foreach ($workers as $worker) {
            $last[spl_object_id($worker)] = (int) $worker->hear();
        }
    }
    foreach ($workers as $worker) {
        $worker->kill()->end();
        $killed++;
        try {
            while (true) {
                $last[spl_object_id($worker)] = (int) $worker->hear();
            }
        } catch (Exception $e) {
            // Every report that it sent before it was killed has arrived.
        }
        $acknowledged += $last[spl_object_id($worker)];
    }
}
$n = $s->n;
// Each process may have been killed between counting and reporting it.
var_dump($n >= $acknowledged, $n <= $acknowledged + $killed);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
