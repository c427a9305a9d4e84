--TEST--
wait() tells of a value that was there for a moment while it slept
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->other = 1;
foreach ([
    'pull' => fn () => [$s->signal = 1, $s->pull('signal')],
    'unset' => function () use ($s) { $s->signal = 1; unset($s->signal); },
    'among others' => fn () => $s->transaction(fn () => [$s->signal = 1, $s->x = 1]) && $s->removeMultiple(['signal', 'x']),
] as $how => $pulse) {
    foreach (['signal', ['signal', 'never']] as $names) {
        $waiter = Peer::fork(function (Peer $parent) use ($names) {
            $s = new Sync(scratch());
            $s->signal;
            $parent->tell('goes');
            $parent->tell($s->wait($names, 30) ? 'told' : 'not told');
        });
        $waiter->hear();
        while (!$s->stats()['waiters']) {
            usleep(1000);
        }
        $pulse();
        echo "$how: ", $waiter->hear(), "\n";
        $waiter->end();
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
pull: told
pull: told
unset: told
unset: told
among others: told
among others: told
