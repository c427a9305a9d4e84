<?php

/*
 * A store on a server, and several processes.
 */

/** The address of a store on the bench's Redis. */
function remote(Machine $machine, string $prefix, string $options = ''): string
{
    return "unix://$machine->directory/redis?prefix=$prefix$options";
}

/** Counts by four processes at once: additions a second by `$s->n++`, and by compare-and-set in a loop of phpredis; the takes turns. */
function remote_counting(Machine $machine): array
{
    $times = $machine->quick ? 500 : 2_000;
    $compare_and_set = 'if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("SET", KEYS[1], ARGV[2]) return 1 end return 0';
    $ways = [
        'Sync, $s->n++' => function (Peer $parent) use ($machine, $times) {
            $s = new Sync(remote($machine, 'counting'));
            $s->n ??= 0;
            $parent->tell('ready');
            while ($parent->hear() === 'go') {
                for ($i = 0; $i < $times; $i++) {
                    $s->n++;
                }
                $parent->tell('done');
            }
        },
        'phpredis, compare and set' => function (Peer $parent) use ($machine, $times, $compare_and_set) {
            $r = new Redis;
            $r->connect("$machine->directory/redis");
            $r->setnx('counting', 0);
            $script = $r->script('load', $compare_and_set);
            $parent->tell('ready');
            while ($parent->hear() === 'go') {
                for ($i = 0; $i < $times; $i++) {
                    do {
                        $n = $r->get('counting');
                    } while (!$r->evalSha($script, ['counting', $n, $n + 1], 1));
                }
                $parent->tell('done');
            }
        },
    ];
    $crowds = array_map(fn ($way) => array_map(fn () => Peer::fork($way), range(1, 4)), $ways);
    foreach (array_merge(...array_values($crowds)) as $peer) {
        $peer->hear();
    }
    $took = [];
    for ($round = 0; $round < max(5, $machine->rounds >> 2); $round++) {
        foreach ($crowds as $way => $peers) {
            $start = hrtime(true);
            array_map(fn ($peer) => $peer->tell('go'), $peers);
            array_map(fn ($peer) => $peer->hear(), $peers);
            $took[$way][] = (hrtime(true) - $start) / (4 * $times);
        }
    }
    foreach (array_merge(...array_values($crowds)) as $peer) {
        $peer->tell('end');
        $peer->end();
    }
    $ratios = array_map(fn ($ours, $theirs) => $theirs / $ours, ...array_values($took));
    $s = new Sync(remote($machine, 'counting'));
    if ($s->n !== 4 * $times * max(5, $machine->rounds >> 2)) {
        throw new Exception("additions were lost: $s->n");
    }
    return array_map(median(...), $took) + ['additions by Sync, in those by compare and set (×)' => median($ratios)];
}

/** From the start of a write, or of a push, until the one who waits for it runs. */
function remote_wake(Machine $machine): array
{
    $times = $machine->quick ? 100 : 500;
    $waiter = function (Closure $open) use ($machine) {
        return Peer::fork(function (Peer $parent) use ($open, $machine) {
            $wait = $open($machine);
            $parent->tell('ready');
            while ($wait()) {
                $parent->tell((string) hrtime(true));
            }
        });
    };
    $waiters = [
        'Sync, wait()' => $waiter(function (Machine $machine) {
            $s = new Sync(remote($machine, 'wake'));
            $s->x;
            return fn () => $s->wait('x', 60) && $s->x >= 0;
        }),
        'phpredis, blPop()' => $waiter(function (Machine $machine) {
            $r = new Redis;
            $r->connect("$machine->directory/redis");
            return fn () => $r->blPop(['wake'], 60)[1] >= 0;
        }),
    ];
    $s = new Sync(remote($machine, 'wake'));
    $r = new Redis;
    $r->connect("$machine->directory/redis");
    $writes = ['Sync, wait()' => fn (int $n) => $s->x = $n, 'phpredis, blPop()' => fn (int $n) => $r->rPush('wake', $n)];
    array_map(fn ($waiter) => $waiter->hear(), $waiters);
    $took = [];
    for ($n = 1; $n <= $times; $n++) {
        foreach ($waiters as $way => $peer) {
            // It has to be asleep. (Should it not be, that is a faster time of both.)
            usleep(500);
            $start = hrtime(true);
            $writes[$way]($n);
            $took[$way][] = (int) $peer->hear() - $start;
        }
    }
    foreach ($waiters as $way => $peer) {
        $writes[$way](-1);
        $peer->end();
    }
    $medians = array_map(median(...), $took);
    return $medians + ['a wake-up, in those of blPop() (×)' => $medians['Sync, wait()'] / $medians['phpredis, blPop()']];
}

/** The server's memory for an idle client's output, while another one writes what that has read. */
function remote_idle(Machine $machine): array
{
    $writes = $machine->quick ? 20_000 : 1_000_000;
    $r = new Redis;
    $r->connect("$machine->directory/redis");
    $idle = Peer::fork(function (Peer $parent) use ($machine) {
        $s = new Sync(remote($machine, 'idle'));
        $s->x = 0;
        $s->getData();
        $parent->tell('idle');
        // (It waits for all of that, which takes minutes, and does nothing with the store.)
        while ($parent->hear() !== 'end');
    });
    $idle->hear();
    $s = new Sync(remote($machine, 'idle'));
    $most = 0;
    for ($i = 0; $i < $writes; $i++) {
        $s->x = $i;
        if ($i % ($writes / 20) === 0) {
            $most = max($most, ...array_map(fn ($client) => (int) $client['omem'], $r->client('list')));
            $idle->tell('go on');
        }
    }
    $idle->tell('end');
    $idle->end();
    return ["bytes in the server's output buffers, at most (bytes)" => $most, 'writes by another process (count)' => $writes];
}
