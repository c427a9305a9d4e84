--TEST--
An element whose consumer is killed within a transaction, update() or lock() of its own comes back for those that read, and those that sleep until there is one
--EXTENSIONS--
pcntl
posix
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** A process that has the only element, and is in the middle of a hold of its own. */
$worker = function (string $method): Peer {
    $worker = Peer::fork(function (Peer $parent) use ($method) {
        $s = new Sync(scratch());
        $until = function () use ($parent) {
            $parent->tell('has it');
            $parent->hear();
        };
        $s->consume('q', fn () => match ($method) {
            'update' => $s->update('other', $until),
            default => $s->$method($until),
        });
    });
    $worker->hear();
    return $worker;
};
$s = new Sync(scratch());
foreach (['transaction', 'update', 'synchronized'] as $method) {
    echo "$method:";
    foreach (['read' => fn ($s) => $s->q, 'count' => fn ($s) => count($s->q) ? 'there' : [], 'getData()' => fn ($s) => $s->getData()->q] as $read) {
        $s->q = ['job'];
        $worker($method)->kill()->end();
        $reader = new Sync(scratch());
        $deadline = hrtime(true) + PATIENCE * 1_000_000_000;
        while (!($seen = $read($reader)) && hrtime(true) < $deadline) {
            usleep(1000);
        }
        echo ' ', json_encode($seen);
    }
    $sleeps = ['shift()' => fn ($s) => $s->shift('q', PATIENCE), 'consume()' => function ($s) {
        $s->consume('q', function ($job) use (&$done) { $done = $job; }, PATIENCE);
        return $done;
    }];
    foreach ($sleeps as $sleep) {
        $s->q = ['job'];
        $owner = $worker($method);
        $sleeper = Peer::fork(function (Peer $parent) use ($sleep) {
            $parent->tell('begins');
            $parent->tell(json_encode($sleep(new Sync(scratch()))));
        });
        $sleeper->hear();
        while (!$sleeper->sleeps()) {
            usleep(1000);
        }
        $owner->kill()->end();
        echo ' ', $sleeper->hear();
        $sleeper->end();
    }
    echo "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
transaction: ["job"] "there" ["job"] "job" "job"
update: ["job"] "there" ["job"] "job" "job"
synchronized: ["job"] "there" ["job"] "job" "job"
