--TEST--
stats() counts the processes that wait for a change, and no longer those that are done or were killed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Looks until so many wait. */
function until_waiters(Sync $s, int $count): void
{
    for ($end = microtime(true) + PATIENCE; $s->stats()["waiters"] !== $count; usleep(200)) {
        if (microtime(true) > $end) {
            echo "it is {$s->stats()["waiters"]}\n";
            return;
        }
    }
    echo "$count\n";
}

$s = new Sync(scratch());
$s->x = 1;
until_waiters($s, 0);
$waits = fn ($names) => function (Peer $parent) use ($names) {
    $s = new Sync(scratch());
    return $s->wait($names, PATIENCE) ? 0 : 1;
};
$waiters = [Peer::fork($waits("x")), Peer::fork($waits(["x", "y"])), Peer::fork($waits(null)), Peer::fork($waits("z"))];
until_waiters($s, 4);
$waiters[3]->kill()->end();
until_waiters($s, 3);
$s->x = 2;
foreach (array_slice($waiters, 0, 3) as $waiter) {
    echo $waiter->end(), "\n";
}
until_waiters($s, 0);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0
4
3
exit 0
exit 0
exit 0
0
