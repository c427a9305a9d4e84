--TEST--
An element that is nobody's comes back for those that read and sleep, also while it is the turn to write of a process that is stopped
--EXTENSIONS--
pcntl
posix
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$holds = [
    'transaction' => fn (Sync $s, Closure $until) => $s->transaction($until),
    'update' => fn (Sync $s, Closure $until) => $s->update('other', $until),
    'lock' => function (Sync $s, Closure $until) {
        $s->lock();
        $until();
        $s->unlock();
    },
];
$sleeps = [
    'read' => null,
    'shift()' => fn (Sync $s) => $s->shift('q', PATIENCE),
    'consume()' => function (Sync $s) {
        $s->consume('q', function ($job) use (&$done) { $done = $job; }, PATIENCE);
        return $done;
    },
    'waitFor()' => fn (Sync $s) => $s->waitFor('q', fn ($q) => (bool) $q, PATIENCE),
    // (Where it comes back before the first look, there is nothing to wait for.)
    'wait()' => fn (Sync $s) => (bool) $s->q ?: $s->wait('q', PATIENCE),
];
$until = function (Closure $condition) {
    for ($deadline = hrtime(true) + PATIENCE * 1_000_000_000; !$condition() && hrtime(true) < $deadline; usleep(1000));
};
foreach ($holds as $hold => $hold_it) {
    foreach (['is killed', 'throws'] as $end) {
        echo "$hold, the consumer $end:";
        foreach ($sleeps as $sleep) {
            $s->q = ['job'];
            $owner = Peer::fork(function (Peer $parent) use ($hold_it, $end) {
                $s = new Sync(scratch());
                try {
                    $s->consume('q', function () use ($s, $parent, $hold_it, $end) {
                        $parent->tell('has it');
                        $parent->hear();
                        $hold_it($s, function () use ($parent) {
                            $parent->tell('holds');
                            $parent->hear();
                        });
                        if ($end === 'is killed') {
                            posix_kill(getmypid(), SIGKILL);
                        }
                        throw new DomainException;
                    });
                } catch (DomainException) {
                }
                $parent->tell('has thrown');
                $parent->hear();
            });
            $owner->hear();
            $sleeper = $sleep ? Peer::fork(function (Peer $parent) use ($sleep) {
                $parent->tell('begins');
                $parent->tell(json_encode($sleep(new Sync(scratch()))));
            }) : null;
            $sleeper?->hear();
            $sleeper && $until(fn () => $sleeper->sleeps());
            $owner->tell();
            $owner->hear();
            // It stands in line to write, and its turn comes while it is stopped.
            $before = $s->stats()['waiters'];
            $writer = Peer::fork(fn () => (new Sync(scratch()))->set("z", 1));
            $until(fn () => $s->stats()['waiters'] > $before);
            $writer->stopAsleep();
            $owner->tell();
            if ($end === 'is killed') {
                $owner->end();
            } else {
                $owner->hear();
            }
            if ($sleeper) {
                echo ' ', $sleeper->hear();
            } else {
                $until(fn () => $s->q === ['job']);
                echo ' ', json_encode($s->q);
            }
            posix_kill($writer->pid(), SIGCONT);
            $writer->end();
            $sleeper?->end();
            if ($end !== 'is killed') {
                $owner->tell();
                $owner->end();
            }
        }
        echo "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
transaction, the consumer is killed: ["job"] "job" "job" ["job"] true
transaction, the consumer throws: ["job"] "job" "job" ["job"] true
update, the consumer is killed: ["job"] "job" "job" ["job"] true
update, the consumer throws: ["job"] "job" "job" ["job"] true
lock, the consumer is killed: ["job"] "job" "job" ["job"] true
lock, the consumer throws: ["job"] "job" "job" ["job"] true
