<?php

/*
 * Waiting for a change: how fast a waiter goes on, what it costs while nothing happens, and what it costs others.
 */

/**
 * Round trips between two processes, in ns: over Sync, over a socket pair, and over two pipes between two C programs (NAN, where there is no
 * compiler). All take turns. The ratios are the medians of those of the rounds. Then the same, while other processes want all processors.
 */
function round_trips(Machine $machine): array
{
    $trips = $machine->quick ? 500 : 2_000;
    $file = "$machine->directory/round-trip";
    (new Sync($file))->setData((object) ['there' => 0, 'back' => 0]);
    $echo = Peer::fork(function (Peer $parent) use ($file) {
        $s = new Sync($file);
        $s->there;
        $parent->tell('ready');
        while ($s->wait('there', 60) && ($trip = $s->there) >= 0) {
            $s->back = $trip;
        }
    });
    $echo->hear();
    $s = new Sync($file);
    $s->back;
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $sockets = Peer::fork(function (Peer $parent) use ($ours, $theirs) {
        fclose($ours);
        while (($byte = fread($theirs, 1)) !== false && $byte !== '') {
            fwrite($theirs, $byte);
        }
    });
    fclose($theirs);
    $pipes = c_round_trips($machine, $trips);
    $ways = [
        'Sync' => function () use ($s, $trips): float {
            $start = hrtime(true);
            for ($trip = 1; $trip <= $trips; $trip++) {
                $s->there = $trip;
                $s->wait('back', 60);
            }
            return (hrtime(true) - $start) / $trips;
        },
        'a socket pair in PHP' => function () use ($ours, $trips): float {
            $start = hrtime(true);
            for ($trip = 1; $trip <= $trips; $trip++) {
                fwrite($ours, 'x');
                fread($ours, 1);
            }
            return (hrtime(true) - $start) / $trips;
        },
        'two pipes between two C programs' => $pipes ?? fn () => NAN,
    ];
    $measure = function () use ($machine, $ways): array {
        $took = [];
        for ($round = 0; $round < max(9, $machine->rounds >> 2); $round++) {
            foreach ($ways as $way => $measure) {
                $took[$way][] = $measure();
            }
        }
        return $took;
    };
    $took = $measure();
    $busy = [];
    for ($i = 0; $i < 4; $i++) {
        $busy[] = Peer::fork(function (Peer $parent) {
            $parent->tell('busy');
            for (;;) {
            }
        });
    }
    array_map(fn ($peer) => $peer->hear(), $busy);
    $beside = $measure();
    array_map(fn ($peer) => $peer->kill()->end(), $busy);
    $s->there = -1;
    $echo->end();
    fclose($ours);
    $sockets->end();
    $ratio = fn (string $to) => median(array_map(fn ($of, $to) => $of / $to, $took['Sync'], $took[$to]));
    $beside = array_combine(array_map(fn ($way) => "$way, beside four busy processes", array_keys($beside)), $beside);
    return array_map(median(...), $took + $beside) + [
        'Sync, in round trips of C (×)' => $pipes ? $ratio('two pipes between two C programs') : NAN,
        'Sync, in round trips of sockets (×)' => $ratio('a socket pair in PHP'),
    ];
}

/** A round of round trips between two C programs; null where there is no compiler. */
function c_round_trips(Machine $machine, int $trips): ?Closure
{
    $program = "$machine->directory/round-trip-in-C";
    exec('cc -O2 -o ' . escapeshellarg($program) . ' ' . escapeshellarg(__DIR__ . '/../round-trip.c') . ' 2>&1', $output, $status);
    if ($status !== 0) {
        return null;
    }
    $process = proc_open([$program, (string) $trips], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    return function () use ($process, $pipes): float {
        fwrite($pipes[0], "\n");
        return (float) fgets($pipes[1]);
    };
}

/** The costs of a process that waits, in a second in which nothing happens: CPU time in ns, and voluntary context switches. */
function idle(Machine $machine): array
{
    $file = "$machine->directory/idle";
    (new Sync($file))->set('x', 1);
    chmod($file, 0644);
    // For the one that has given up its privileges.
    chmod($machine->directory, 0711);
    $seconds = $machine->quick ? 5 : 10;
    $results = [];
    foreach (['' => false, ', that may only read' => true] as $which => $reads) {
        $waiter = Peer::fork(function (Peer $parent) use ($file, $seconds, $reads) {
            if ($reads && posix_getuid() === 0) {
                posix_setgid(65534) && posix_setuid(65534) || exit(1);
            } elseif ($reads) {
                chmod($file, 0444);
            }
            $s = new Sync($file);
            $s->wait('x', 0.1);
            $before = getrusage();
            $start = hrtime(true);
            $s->wait('x', $seconds);
            $took = (hrtime(true) - $start) / 1e9;
            $after = getrusage();
            $of = fn (string $what) => ($after["$what.tv_sec"] - $before["$what.tv_sec"]) * 1e9 + ($after["$what.tv_usec"] - $before["$what.tv_usec"]) * 1e3;
            $parent->tell(json_encode([
                ($of('ru_utime') + $of('ru_stime')) / $took,
                ($after['ru_nvcsw'] - $before['ru_nvcsw']) / $took,
            ]));
        });
        [$cpu, $switches] = json_decode($waiter->hear());
        $waiter->end();
        $results += ["CPU time a second$which" => $cpu, "voluntary context switches a second$which (count)" => $switches];
    }
    return $results;
}

/** A write of one name while a hundred processes wait for others, in writes to a file that nobody waits for. */
function beside_waiters(Machine $machine): array
{
    $files = ['nobody waits' => "$machine->directory/quiet", '100 processes wait' => "$machine->directory/waited"];
    $stores = array_map(fn ($file) => new Sync($file), $files);
    foreach ($stores as $s) {
        $s->x = 0;
    }
    $waiters = [];
    for ($i = 0; $i < 100; $i++) {
        $waiters[] = Peer::fork(function (Peer $parent) use ($files, $i) {
            $parent->tell('waits');
            (new Sync($files['100 processes wait']))->wait("other$i", 600);
        });
    }
    foreach ($waiters as $waiter) {
        $waiter->hear();
    }
    // Waiters look by themselves less and less often.
    usleep($machine->quick ? 1_000_000 : 5_000_000);
    $took = [];
    for ($round = 0; $round < $machine->rounds; $round++) {
        foreach ($stores as $which => $s) {
            $start = hrtime(true);
            for ($i = 0; $i < 20_000; $i++) {
                $s->x = $i;
            }
            $took[$which][] = (hrtime(true) - $start) / 20_000;
        }
    }
    foreach ($waiters as $waiter) {
        $waiter->kill()->end();
    }
    $ratios = array_map(fn ($beside, $alone) => $beside / $alone, $took['100 processes wait'], $took['nobody waits']);
    return array_map(median(...), $took) + ['ratio (×)' => median($ratios)];
}

/** The CPU time that a line for a named lock takes in a second while its owner keeps it, and how long a hand-over takes. */
function lock_waiters(Machine $machine): array
{
    $size = 250;
    $file = "$machine->directory/lock-waiters";
    $s = new Sync($file);
    $s->x = 1;
    $s->tryLock('one');
    $waiters = [];
    for ($i = 0; $i < $size; $i++) {
        $waiters[] = Peer::fork(function (Peer $parent) use ($file) {
            $own = new Sync($file);
            $own->x;
            $parent->tell('waits');
            $own->tryLock('one', null);
            $own->release('one');
            $parent->tell((string) hrtime(true));
            $parent->hear();
        });
    }
    foreach ($waiters as $waiter) {
        $waiter->hear();
    }
    // (The last ones have to get there.)
    usleep(1_000_000);
    $clock = function () use ($waiters): float {
        $ticks = 0;
        foreach ($waiters as $waiter) {
            // The fields behind the name, which is in brackets: the 14th and 15th are the user's and the system's time.
            $fields = explode(' ', preg_replace('~^.*\) ~s', '', file_get_contents("/proc/{$waiter->pid()}/stat")));
            $ticks += $fields[11] + $fields[12];
        }
        return $ticks * 1e7;
    };
    $seconds = $machine->quick ? 3 : 10;
    $before = $clock();
    usleep($seconds * 1_000_000);
    $cpu = ($clock() - $before) / $seconds;
    $start = hrtime(true);
    $s->release('one');
    $last = max(array_map(fn ($waiter) => (int) $waiter->hear(), $waiters));
    foreach ($waiters as $waiter) {
        $waiter->tell();
        $waiter->end();
    }
    return ['CPU time of all in a second' => $cpu, 'from one owner to the next' => ($last - $start) / $size];
}
