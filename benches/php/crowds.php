<?php
/* Stores that forked processes share, and crowds of processes on them. */

/** One way to share values under names. `reader` and `mixer` make the measured loops, so that no call stands in them. */
interface SharedStore
{
    public function write(string $name, int $value): void;

    /** @return Closure(int, int): int reads so many names from one on; the nanoseconds it took */
    public function reader(array $names): Closure;

    /** @return Closure(int): void one write, and `$reads` reads, from a name on */
    public function mixer(array $names, int $reads): Closure;

    /** @return Closure(int): void one read */
    public function single(array $names): Closure;
}

final class SharedSync implements SharedStore
{
    private ?Sync $sync = null;
    private int $pid = 0;

    public function __construct(private string $file)
    {
    }

    /** Each process has an object of its own. */
    private function sync(): Sync
    {
        if ($this->pid !== posix_getpid()) {
            $this->pid = posix_getpid();
            $this->sync = new Sync($this->file);
        }
        return $this->sync;
    }

    public function write(string $name, int $value): void
    {
        $this->sync()->$name = $value;
    }

    public function reader(array $names): Closure
    {
        $s = $this->sync();
        return static function (int $from, int $count) use ($s, $names): int {
            $start = hrtime(true);
            for ($i = 0; $i < $count; $i++) {
                $v = $s->{$names[$from + $i]};
            }
            return hrtime(true) - $start;
        };
    }

    public function mixer(array $names, int $reads): Closure
    {
        $s = $this->sync();
        $count = count($names);
        return static function (int $at) use ($s, $names, $count, $reads): void {
            $s->{$names[$at % $count]} = $at;
            for ($i = 1; $i <= $reads; $i++) {
                $v = $s->{$names[($at + $i * 7) % $count]};
            }
        };
    }

    public function single(array $names): Closure
    {
        $s = $this->sync();
        $count = count($names);
        return static function (int $at) use ($s, $names, $count): void {
            $v = $s->{$names[$at % $count]};
        };
    }
}

final class SharedApcu implements SharedStore
{
    public function write(string $name, int $value): void
    {
        apcu_store($name, $value);
    }

    public function reader(array $names): Closure
    {
        return static function (int $from, int $count) use ($names): int {
            $start = hrtime(true);
            for ($i = 0; $i < $count; $i++) {
                $v = apcu_fetch($names[$from + $i]);
            }
            return hrtime(true) - $start;
        };
    }

    public function mixer(array $names, int $reads): Closure
    {
        $count = count($names);
        return static function (int $at) use ($names, $count, $reads): void {
            apcu_store($names[$at % $count], $at);
            for ($i = 1; $i <= $reads; $i++) {
                $v = apcu_fetch($names[($at + $i * 7) % $count]);
            }
        };
    }

    public function single(array $names): Closure
    {
        $count = count($names);
        return static function (int $at) use ($names, $count): void {
            $v = apcu_fetch($names[$at % $count]);
        };
    }
}

final class SharedYac implements SharedStore
{
    private Yac $yac;

    public function __construct()
    {
        $this->yac = new Yac;
    }

    public function write(string $name, int $value): void
    {
        $this->yac->set($name, $value);
    }

    public function reader(array $names): Closure
    {
        $y = $this->yac;
        return static function (int $from, int $count) use ($y, $names): int {
            $start = hrtime(true);
            for ($i = 0; $i < $count; $i++) {
                $v = $y->get($names[$from + $i]);
            }
            return hrtime(true) - $start;
        };
    }

    public function mixer(array $names, int $reads): Closure
    {
        $y = $this->yac;
        $count = count($names);
        return static function (int $at) use ($y, $names, $count, $reads): void {
            $y->set($names[$at % $count], $at);
            for ($i = 1; $i <= $reads; $i++) {
                $v = $y->get($names[($at + $i * 7) % $count]);
            }
        };
    }

    public function single(array $names): Closure
    {
        $y = $this->yac;
        $count = count($names);
        return static function (int $at) use ($y, $names, $count): void {
            $v = $y->get($names[$at % $count]);
        };
    }
}

/** @return array<string, Closure(): SharedStore> those that are there */
function shared_stores(Machine $machine, string $name): array
{
    return array_filter([
        'Sync' => fn () => new SharedSync("$machine->directory/$name"),
        'APCu' => extension_loaded('apcu') ? fn () => new SharedApcu : null,
        'Yac' => extension_loaded('yac') ? fn () => new SharedYac : null,
    ]);
}

/**
 * The kernel's count of nanoseconds for which this process could have run, and others did: the scheduler's share of a wait.
 * NAN where it keeps none.
 */
function scheduled_out(): float
{
    $line = @file_get_contents('/proc/self/schedstat');
    return $line ? (float) explode(' ', $line)[1] : NAN;
}

/** How many turns each store has; all take turns. */
const CROWD_TURNS = 5;

/**
 * Crowds of workers on 1,000 names: operations a second, and the longest time from one operation's end to the next one's, less
 * what the scheduler took of it.
 *
 * @param list<int> $sizes how many workers
 * @param list<int> $ratios how many reads to a write
 */
function crowds(Machine $machine, array $sizes, array $ratios): array
{
    $names = array_keys(named(1_000));
    $seconds = $machine->quick ? 0.3 : 1.0;
    $results = [];
    foreach ($sizes as $size) {
        foreach ($ratios as $reads) {
            $stores = array_map(fn ($make) => $make(), shared_stores($machine, "workers-$size-$reads"));
            foreach ($stores as $store) {
                array_walk($names, fn ($name, $i) => $store->write($name, $i));
            }
            $workers = [];
            for ($i = 0; $i < $size; $i++) {
                $workers[] = Peer::fork(fn (Peer $parent) => crowd_worker($parent, $stores, $names, $reads, $i * 61));
            }
            $operations = $longest = $whole = [];
            for ($turn = 0; $turn < CROWD_TURNS; $turn++) {
                foreach (array_keys($stores) as $who) {
                    $start = hrtime(true);
                    array_map(fn ($worker) => $worker->tell("$who speed " . (int) ($start + $seconds * 1e9)), $workers);
                    $operations[$who][] = array_sum(array_map(fn ($worker) => (int) $worker->hear(), $workers)) / (hrtime(true) - $start) * 1e9;
                    array_map(fn ($worker) => $worker->tell("$who waits " . (int) (hrtime(true) + $seconds * 1e9)), $workers);
                    foreach ($workers as $worker) {
                        [$wait, $all] = array_map(floatval(...), explode(' ', $worker->hear()));
                        $longest[$who][] = $wait;
                        $whole[$who][] = $all;
                    }
                }
            }
            array_map(fn ($worker) => $worker->tell('end'), $workers);
            array_map(fn ($worker) => $worker->end(), $workers);
            foreach (array_keys($stores) as $who) {
                $results["$who, $size workers, $reads : 1, operations a second (count)"] = median($operations[$who]);
            }
            foreach (array_keys($stores) as $who) {
                $results["$who, $size workers, $reads : 1, longest wait"] = max($longest[$who]);
                $results["$who, $size workers, $reads : 1, longest wait, the scheduler's share included"] = max($whole[$who]);
            }
        }
    }
    return $results;
}

/** One worker of a crowd: does as it is told, until it is told to end. */
function crowd_worker(Peer $parent, array $stores, array $names, int $reads, int $at): void
{
    $mixers = array_map(fn ($store) => $store->mixer($names, $reads), $stores);
    $singles = array_map(fn ($store) => $store->single($names), $stores);
    while (($line = $parent->hear()) !== 'end') {
        [$who, $what, $until] = explode(' ', $line);
        $until = (int) $until;
        if ($what === 'speed') {
            $mix = $mixers[$who];
            for ($n = 0; hrtime(true) < $until; $n += $reads + 1) {
                $mix($at += 13);
            }
            $parent->tell((string) $n);
            continue;
        }
        [$single, $store] = [$singles[$who], $stores[$who]];
        [$longest, $whole, $out] = [0.0, 0.0, scheduled_out()];
        $count = count($names);
        $last = hrtime(true);
        for ($n = 0; $last < $until; $n++) {
            if ($n % ($reads + 1) === 0) {
                $store->write($names[($at += 13) % $count], $n);
            } else {
                $single($at += 7);
            }
            $now = hrtime(true);
            $took = $now - $last;
            // A process that has lost the processor gets it back a slice of time later, at the earliest.
            if ($took > 500_000) {
                $before = $out;
                $out = scheduled_out();
                $longest = max($longest, is_nan($out) ? $took : $took - ($out - $before));
                $whole = max($whole, $took);
                $now = hrtime(true);
            } else {
                $longest = max($longest, $took);
                $whole = max($whole, $took);
            }
            $last = $now;
        }
        $parent->tell("$longest $whole");
    }
    // Ends without destructors: those of the parent's objects are the parent's to run.
    posix_kill(posix_getpid(), SIGKILL);
}
