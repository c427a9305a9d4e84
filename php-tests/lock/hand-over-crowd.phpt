--TEST--
Each of many waiting processes gets as many turns as the others, those that only read and write included
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$work = function (Closure $access) {
    return Peer::fork(function (Peer $parent) use ($access) {
        $s = new Sync(scratch());
        $stop = false;
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, function () use (&$stop) { $stop = true; });
        $parent->tell('ready');
        $parent->hear();
        for ($turns = 0; !$stop; $turns++) {
            $access($s);
        }
        $parent->tell($turns);
    });
};
$hold = function (Sync $s) {
    $s->lock();
    usleep(3000);
    $s->unlock();
};
$lockers = array_map($work, array_fill(0, 5, $hold));
$others = array_map($work, [fn ($s) => $s->x, fn ($s) => $s->x = 2, fn ($s) => $s->getData(), fn ($s) => $s->x .= '']);
$all = [...$lockers, ...$others];
foreach ($all as $peer) {
    $peer->hear();
}
foreach ($all as $peer) {
    $peer->tell();
}
sleep(2);
$turns = array_map(fn ($peer) => (int) $peer->kill(SIGUSR1)->hear(), $all);
foreach ($all as $peer) {
    $peer->end();
}
// An access without lock() takes next to no time: those processes may have had many more turns.
$most = max(array_slice($turns, 0, 5));
echo min($turns) * 3 >= $most && $most > 10 ? 'fair' : json_encode($turns), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
fair
