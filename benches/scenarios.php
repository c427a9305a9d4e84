<?php
require_once __DIR__ . '/php/crowds.php';
require_once __DIR__ . '/php/waits.php';
require_once __DIR__ . '/php/remote.php';

/*
 * The measurements that take several processes, or a process of their own. Each scenario gets the
 * machine (its directory, whether to be quick) and returns named numbers, in nanoseconds unless the
 * name says otherwise.
 */

return [
    'busy' => [
        'title' => 'Read of an unchanged scalar, while another process writes other keys all the time',
        'measure' => function (Machine $machine): array {
            $file = "$machine->directory/busy";
            $s = new Sync($file);
            $s->x = 1;
            $read = static function () use ($s): float {
                $start = hrtime(true);
                for ($i = 0; $i < 20_000; $i++) {
                    $v = $s->x;
                }
                return (hrtime(true) - $start) / 20_000;
            };
            $writer = Peer::php(<<<'PHP'
                $s = new Sync($argv[1]);
                while (($line = $parent->hear()) !== 'end') {
                    stream_set_blocking(STDIN, false);
                    for ($n = 0; fgets(STDIN) === false; $n += 100) {
                        for ($i = 0; $i < 100; $i++) {
                            $s->{"other$i"} = $n;
                        }
                        $n || $parent->tell('begun');
                    }
                    stream_set_blocking(STDIN, true);
                    $parent->tell($n);
                }
                PHP, $file);
            $quiet = $busy = [];
            $writes = 0;
            for ($round = 0; $round < $machine->rounds; $round++) {
                $quiet[] = $read();
                $writer->tell('write');
                $writer->hear();
                $busy[] = $read();
                $writer->tell('pause');
                $writes += (int) $writer->hear();
            }
            $writer->tell('end');
            $writer->end();
            return ['quiet' => median($quiet), 'busy' => median($busy), 'writes by the other process (count)' => $writes];
        },
    ],
    'slowest' => [
        'title' => 'The slowest of many overwrites in a store of many keys, in CPU time',
        'measure' => function (Machine $machine): array {
            [$keys, $writes] = $machine->quick ? [100_000, 1_000_000] : [1_000_000, 10_000_000];
            $s = new Sync("$machine->directory/slowest");
            $s->setData((object) named($keys));
            $slowest = $wall = 0;
            $cpu = static function (): int {
                $usage = getrusage();
                return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1_000_000 + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];
            };
            $before = $cpu();
            for ($i = 0; $i < $writes; $i++) {
                $name = 'key' . ($i * 7919 % $keys);
                $start = hrtime(true);
                $s->$name = $i;
                $took = hrtime(true) - $start;
                // A turn that took little time took little CPU time; only slow turns are examined.
                if ($took > 100_000) {
                    // CPU time since the last reading, at most a thousand turns ago: an upper bound.
                    $slowest = max($slowest, min($took, ($cpu() - $before) * 1000));
                    $wall = max($wall, $took);
                    $before = $cpu();
                } elseif ($i % 1000 === 0) {
                    $before = $cpu();
                }
            }
            $s->destroy();
            return ['slowest overwrite, CPU' => $slowest, 'slowest overwrite, wall clock' => $wall, 'overwrites (count)' => $writes, 'keys (count)' => $keys];
        },
    ],
    'fresh' => [
        'title' => 'First read in a fresh process',
        'measure' => function (Machine $machine): array {
            $sizes = [10, $machine->quick ? 100_000 : 1_000_000];
            $took = [];
            foreach ($sizes as $size) {
                (new Sync("$machine->directory/fresh-$size"))->setData((object) named($size));
            }
            for ($round = 0; $round < max(15, $machine->rounds); $round++) {
                foreach ($sizes as $at => $size) {
                    $child = Peer::php(<<<'PHP'
                        $start = hrtime(true);
                        $s = new Sync($argv[1]);
                        $v = $s->key7;
                        $took = hrtime(true) - $start;
                        $parent->tell($v === 7 ? $took : 'wrong');
                        PHP, "$machine->directory/fresh-$size");
                    $took[$at][] = (int) $child->hear();
                    $child->end();
                }
            }
            return ['10 keys' => median($took[0]), number_format($sizes[1]) . ' keys' => median($took[1]), 'ratio (×)' => median($took[1]) / median($took[0])];
        },
    ],
    'crowd' => [
        'title' => '150 processes on one file, nine reads to a write',
        'measure' => function (Machine $machine): array {
            $seconds = $machine->quick ? 1.0 : 4.0;
            $results = [];
            foreach (['Sync' => 'Sync', 'the original' => 'OriginalSync'] as $name => $class) {
                $file = "$machine->directory/crowd-$class";
                (new $class($file))->setData((object) named(100));
                $children = [];
                for ($i = 0; $i < 150; $i++) {
                    $children[] = Peer::fork(function (Peer $parent) use ($class, $file, $seconds, $i) {
                        mt_srand($i);
                        $s = new $class($file);
                        $parent->tell('ready');
                        $keys = array_keys(named(100));
                        // First at full speed, nine reads to a write; the clock is read every ten turns.
                        $until = (int) $parent->hear();
                        for ($n = 0; hrtime(true) < $until; $n += 10) {
                            for ($j = 0; $j < 9; $j++) {
                                $v = $s->{$keys[mt_rand(0, 99)]};
                            }
                            $s->{$keys[mt_rand(0, 99)]} = $n;
                        }
                        $parent->tell($n);
                        // Then each operation by itself: a histogram of latencies, its steps 1/8 of a power of two wide.
                        $until = (int) $parent->hear();
                        $histogram = [];
                        for ($n = 0; ($start = hrtime(true)) < $until; $n++) {
                            $key = $keys[mt_rand(0, 99)];
                            if ($n % 10 === 9) {
                                $s->$key = $n;
                            } else {
                                $v = $s->$key;
                            }
                            $step = (int) (log(hrtime(true) - $start, 2) * 8);
                            $histogram[$step] = ($histogram[$step] ?? 0) + 1;
                        }
                        $parent->tell(json_encode($histogram));
                        // Ends without destructors: those of the parent's objects are the parent's to run.
                        posix_kill(posix_getpid(), SIGKILL);
                    });
                }
                $all = static fn (string $say) => array_map(fn ($child) => $child->tell($say), $children);
                $hear = static fn () => array_map(fn ($child) => $child->hear(), $children);
                $hear();
                $start = hrtime(true);
                $all((string) (int) ($start + $seconds * 1e9));
                $operations = array_sum($hear());
                $took = (hrtime(true) - $start) / 1e9;
                $all((string) (int) (hrtime(true) + $seconds * 1e9));
                $histogram = [];
                foreach ($children as $child) {
                    foreach (json_decode($child->hear(), true) as $step => $count) {
                        $histogram[$step] = ($histogram[$step] ?? 0) + $count;
                    }
                    $child->end();
                }
                ksort($histogram);
                $total = array_sum($histogram);
                $sum = 0;
                foreach ($histogram as $step => $count) {
                    if (($sum += $count) >= $total * 0.99) {
                        break;
                    }
                }
                $results["$name, operations a second (count)"] = $operations / $took;
                $results["$name, p99"] = 2 ** (($step + 1) / 8);
            }
            return $results;
        },
    ],
    'calls' => [
        'title' => 'System calls in one second of reads, and of writes',
        'measure' => function (Machine $machine): array {
            if (!is_executable('/usr/bin/strace')) {
                return ['strace is not installed' => NAN];
            }
            $results = [];
            foreach (['reads' => '$v = $s->x;', 'writes' => '$s->x = $i;'] as $what => $body) {
                $code = <<<PHP
                    \$s = new Sync(\$argv[1]);
                    \$s->x = 0;
                    \$v = \$s->x;
                    @file_exists('/begin');
                    for (\$start = hrtime(true), \$i = 0; hrtime(true) - \$start < 1e9; \$i++) {
                        $body
                    }
                    @file_exists('/end');
                    \$parent->tell(\$i);
                    PHP;
                $log = "$machine->directory/strace";
                $child = Peer::start(['strace', '-f', '-o', $log, ...php_command(), '-r', 'require ' . var_export(realpath(__DIR__ . '/../php-tests/include/peer.inc'), true) . '; $parent = Peer::parent();' . $code, '--', "$machine->directory/calls"]);
                $results["turns of $what (count)"] = (float) $child->hear();
                $child->end();
                $lines = file($log);
                $begin = key(preg_grep('~"/begin"~', $lines));
                $end = key(preg_grep('~"/end"~', $lines));
                // Under strace hrtime() may be a system call: it belongs to the loop, not to Sync.
                $calls = preg_grep('/clock_gettime|SIG|\+\+\+/', array_slice($lines, $begin + 1, $end - $begin - 1), PREG_GREP_INVERT);
                $results["system calls of $what, a tick of 4 ms (count)"] = count($calls) / 250;
            }
            return $results;
        },
    ],
    'killed' => [
        'title' => 'Time until a waiter goes on after the process that held lock() was killed',
        'measure' => function (Machine $machine): array {
            $file = "$machine->directory/killed";
            $took = [];
            (new Sync($file))->set('x', 1);
            for ($round = 0; $round < ($machine->quick ? 5 : 25); $round++) {
                $holder = Peer::php('$s = new Sync($argv[1]); $s->lock(); $parent->tell("locked"); $parent->hear();', $file);
                $holder->hear();
                $waiter = Peer::php('$s = new Sync($argv[1]); $parent->tell("reading"); $v = $s->x; $parent->tell(hrtime(true));', $file);
                $waiter->hear();
                // Time for it to start waiting; if it does not wait yet, the measured time is shorter.
                usleep(100_000);
                $killed = hrtime(true);
                $holder->kill();
                $took[] = (int) $waiter->hear() - $killed;
                $waiter->end();
                $holder->end();
            }
            return ['median' => median($took), 'slowest' => max($took)];
        },
    ],
    'remember' => [
        'title' => '50 processes that want a value at once which is missing, and takes 100 ms to compute',
        'measure' => function (Machine $machine): array {
            $took = ['all there' => [], 'all there after a kill' => []];
            $computed = ['computations (count)' => 0, 'computations with a kill (count)' => 0];
            for ($round = 0; $round < ($machine->quick ? 3 : 15); $round++) {
                foreach ([false, true] as $kill) {
                    $file = "$machine->directory/remember";
                    (new Sync($file))->set('x', 1);
                    $peers = [];
                    for ($i = 0; $i < 50; $i++) {
                        $peers[] = Peer::fork(function (Peer $parent) use ($file) {
                            $s = new Sync($file);
                            $parent->tell("ready $s->x");
                            $parent->hear();
                            $s->remember('value', function () use ($s) {
                                $s->computing[] = getmypid();
                                usleep(100_000);
                                return 'made';
                            });
                            $parent->tell(hrtime(true));
                            // It stays, as a worker does: the end of a process takes milliseconds of a processor, which
                            // those that have not got the value yet would wait for.
                            $parent->hear();
                        });
                    }
                    foreach ($peers as $peer) {
                        $peer->hear();
                    }
                    $start = hrtime(true);
                    foreach ($peers as $peer) {
                        $peer->tell();
                    }
                    $s = new Sync($file);
                    if ($kill) {
                        while (!isset($s->computing)) {
                            usleep(1000);
                        }
                        usleep(50_000);
                        $start = hrtime(true);
                        $killed = array_search($s->computing[0], array_map(fn ($peer) => $peer->pid(), $peers));
                        $peers[$killed]->kill()->end();
                        unset($peers[$killed]);
                    }
                    $took[$kill ? 'all there after a kill' : 'all there'][] = max(array_map(fn ($peer) => (int) $peer->hear(), $peers)) - $start;
                    $count = $kill ? 'computations with a kill (count)' : 'computations (count)';
                    $computed[$count] = max($computed[$count], count($s->computing));
                    foreach ($peers as $peer) {
                        $peer->tell();
                        $peer->end();
                    }
                    unlink($file);
                }
            }
            return ['all there' => median($took['all there']), 'all there after a kill' => median($took['all there after a kill'])] + $computed;
        },
    ],
    'round-trip' => [
        'title' => 'A round trip between two processes: one writes and waits for the other, which waits and answers',
        'measure' => round_trips(...),
    ],
    'idle' => [
        'title' => 'A process that waits, while nothing happens',
        'measure' => idle(...),
    ],
    'waiters' => [
        'title' => 'Write of a name, while 100 processes wait for others',
        'measure' => beside_waiters(...),
    ],
    'lock-waiters' => [
        'title' => '250 processes in line for one named lock, while nothing happens; then each has it once',
        'measure' => lock_waiters(...),
    ],
    'memory' => [
        'title' => 'Memory beyond the value itself, storing and reading a 200 MB string',
        'measure' => function (Machine $machine): array {
            $results = [];
            foreach (['storing' => '$s->x = $value;', 'reading' => 'unset($value); $value = $s->x;'] as $what => $body) {
                $child = Peer::php(<<<PHP
                    function peak() { preg_match('/VmHWM:\s+(\d+)/', file_get_contents('/proc/self/status'), \$m); return \$m[1] / 1024; }
                    ini_set('memory_limit', -1);
                    \$before = peak();
                    \$s = new Sync(\$argv[1]);
                    \$value = str_repeat('0123456789abcdef', 200 << 16);
                    $body
                    \$parent->tell(json_encode([peak() - \$before, strlen(\$value)]));
                    PHP, "$machine->directory/memory");
                [$peak, $length] = json_decode($child->hear());
                $child->end();
                $results["$what, times its size (×)"] = $peak / ($length / (1 << 20)) - 1;
            }
            unlink("$machine->directory/memory");
            return $results;
        },
    ],
    'size' => [
        'title' => 'Bytes of 1,000 small objects in the file',
        'measure' => function (Machine $machine): array {
            $objects = fixtures()['objects'];
            $s = new Sync("$machine->directory/size");
            $blocks = function () use ($machine): int {
                clearstatcache();
                return stat("$machine->directory/size")['blocks'] * 512;
            };
            $s->warm = $objects;
            $before = $blocks();
            for ($i = 0; $i < 200; $i++) {
                $s->{"k$i"} = $objects;
            }
            $stored = ($blocks() - $before) / 200;
            $s->destroy();
            return ['in the file, framing and slack included (bytes)' => $stored, 'serialize() (bytes)' => strlen(serialize($objects)), 'ratio (×)' => $stored / strlen(serialize($objects))];
        },
    ],
    'linear' => [
        'title' => '100,000 appends to a list, the last tenth against the first',
        'measure' => function (Machine $machine): array {
            $tenth = $machine->quick ? 1_000 : 10_000;
            $s = new Sync("$machine->directory/linear");
            $s->results = [];
            $took = [];
            for ($part = 0; $part < 10; $part++) {
                $start = hrtime(true);
                for ($i = 0; $i < $tenth; $i++) {
                    $s->results[] = $i;
                }
                $took[] = (hrtime(true) - $start) / $tenth;
            }
            return ['an append of the first tenth' => $took[0], 'an append of the last tenth' => $took[9], 'ratio (×)' => $took[9] / $took[0]];
        },
    ],
    'others-write' => [
        'title' => 'Read of 1,000 names made at run time, while another process writes one of them each 100 reads',
        'measure' => function (Machine $machine): array {
            $names = array_keys(named(1_000));
            $results = [];
            foreach (shared_stores($machine, 'others-write') as $who => $make) {
                $store = $make();
                foreach ($names as $i => $name) {
                    $store->write($name, $i);
                }
                $writer = Peer::fork(function (Peer $parent) use ($store, $names) {
                    while (($line = $parent->hear()) !== 'end') {
                        $store->write($names[(int) $line % 1_000], (int) $line);
                        $parent->tell();
                    }
                    posix_kill(posix_getpid(), SIGKILL);
                });
                $read = $store->reader($names);
                $read(0, 1_000);
                $took = [];
                for ($i = 0; $i < ($machine->quick ? 2_000 : 20_000); $i++) {
                    $writer->tell((string) ($i * 7));
                    $writer->hear();
                    $took[] = $read($i * 100 % 1_000, 100) / 100;
                }
                $writer->tell('end');
                $writer->end();
                $results[$who] = median($took);
            }
            return $results;
        },
    ],
    'workers' => [
        'title' => 'Workers on one store of 1,000 names, at full speed',
        'measure' => fn (Machine $machine): array => crowds($machine, [16, 64], [100, 10]),
    ],
    'sizes' => [
        'title' => 'Small stores: memory, making one with its first write, destroying it',
        'measure' => function (Machine $machine): array {
            $results = [];
            foreach ([1, 10, 1_000] as $count) {
                $file = "$machine->directory/sizes-$count";
                $s = new Sync($file);
                for ($i = 0; $i < $count; $i++) {
                    $s->{"key$i"} = $i;
                }
                clearstatcache();
                $results["memory of $count ints (bytes)"] = stat($file)['blocks'] * 512;
                $s->destroy();
            }
            $made = $destroyed = [];
            for ($i = 0; $i < ($machine->quick ? 100 : 1_000); $i++) {
                $file = "$machine->directory/sizes-made-$i";
                $start = hrtime(true);
                $s = new Sync($file);
                $s->x = 1;
                $made[] = hrtime(true) - $start;
                $start = hrtime(true);
                $s->destroy();
                $destroyed[] = hrtime(true) - $start;
            }
            return $results + ['made with its first write' => median($made), 'destroyed' => median($destroyed)];
        },
    ],
    'many' => [
        'title' => '15,000 stores open in one process',
        'measure' => function (Machine $machine): array {
            $count = $machine->quick ? 1_500 : 15_000;
            $directory = "$machine->directory/many";
            mkdir($directory);
            $one = new Sync("$directory/one");
            $one->x = 1;
            clearstatcache();
            $needs = $count * stat("$directory/one")['blocks'] * 512;
            if ($needs > disk_free_space($directory) / 2) {
                throw new Exception(sprintf('%s stores take %d MB; %s has %d MB left.', number_format($count), $needs >> 20, $machine->directory, disk_free_space($directory) >> 20));
            }
            $limit = trim(shell_exec('bash -c "ulimit -H -n"'));
            if ($limit !== 'unlimited' && $limit < $count + 100) {
                throw new Exception("a process may open $limit files here: ulimit -H -n.");
            }
            $child = Peer::start(['bash', '-c', 'ulimit -n $(ulimit -H -n); exec "$@"', '-', ...php_command(), '-r', 'require ' . var_export(realpath(__DIR__ . '/../php-tests/include/peer.inc'), true) . '; $parent = Peer::parent();' . <<<'PHP'
                [, $directory, $count] = $argv;
                $count = (int) $count;
                $tenth = intdiv($count, 10);
                $all = $took = [];
                for ($i = 0; $i < $count; $i++) {
                    $start = hrtime(true);
                    $all[$i] = new Sync("$directory/$i");
                    $all[$i]->x = $i;
                    $took[intdiv($i, $tenth)][] = hrtime(true) - $start;
                }
                $start = hrtime(true);
                foreach ($all as $i => $s) {
                    $s->x === $i || exit(1);
                }
                $read = (hrtime(true) - $start) / $count;
                foreach ($took as &$some) {
                    sort($some);
                    $some = $some[count($some) >> 1];
                }
                $start = hrtime(true);
                foreach ($all as $s) {
                    $s->destroy();
                }
                $parent->tell(json_encode([$took[0], $took[9], $read, (hrtime(true) - $start) / $count]));
                PHP, '--', $directory, (string) $count]);
            [$first, $last, $read, $destroyed] = json_decode($child->hear());
            $child->end();
            return ['stores (count)' => $count, 'made, of the first tenth' => $first, 'made, of the last tenth' => $last, 'ratio (×)' => $last / $first, 'read of each' => $read, 'destroyed, each' => $destroyed];
        },
    ],
    'address-space' => [
        'title' => 'A process with `ulimit -v 300000`',
        'measure' => function (Machine $machine): array {
            // By itself: other extensions reserve more than that at once.
            preg_match('~^\S+ r-xp .* (/\S*sync\.so)~m', file_get_contents('/proc/self/maps'), $loaded);
            $child = Peer::start(['bash', '-c', 'ulimit -v 300000; exec "$@"', '-', PHP_BINARY, '-n', '-d', "extension=$loaded[1]", '-r', <<<'PHP'
                $s = new Sync($argv[1]);
                for ($i = 0; $i < 100_000; $i++) {
                    $s->{"key$i"} = $i;
                }
                for ($i = 0; $i < 100_000; $i++) {
                    $s->{"key$i"} === $i || exit(1);
                }
                fwrite(fopen('php://fd/3', 'w'), count($s) . "\n");
                PHP, '--', "$machine->directory/address-space"]);
            return ['names written and read (count)' => (int) $child->hear()];
        },
    ],
    'millions' => [
        'title' => 'Ten million names in one store',
        'measure' => function (Machine $machine): array {
            if (!$machine->large) {
                throw new Exception('it takes minutes and gigabytes: --large.');
            }
            ini_set('memory_limit', -1);
            $stores = $results = [];
            foreach ([1_000_000, 10_000_000] as $count) {
                $s = new Sync("$machine->directory/millions-$count");
                for ($i = 0; $i < $count; $i++) {
                    $s->{"key$i"} = $i;
                }
                $stores[$count] = "$machine->directory/millions-$count";
                unset($s);
            }
            // Both take turns: each reads, and writes, other names in each round.
            $took = [];
            for ($round = 0; $round < $machine->rounds; $round++) {
                foreach ($stores as $count => $file) {
                    $s = new Sync($file);
                    $s->key0;
                    $names = [];
                    for ($i = 0; $i < 10_000; $i++) {
                        $names[] = 'key' . ($round * 10_000 + $i) * 7919 % $count;
                    }
                    $start = hrtime(true);
                    foreach ($names as $name) {
                        $v = $s->$name;
                    }
                    $took['read'][$count][] = (hrtime(true) - $start) / 10_000;
                    $start = hrtime(true);
                    foreach ($names as $i => $name) {
                        $s->$name = $i;
                    }
                    $took['write'][$count][] = (hrtime(true) - $start) / 10_000;
                    $start = hrtime(true);
                    for ($i = 0; $i < 100; $i++) {
                        $v = count($s);
                    }
                    $took['count()'][$count][] = (hrtime(true) - $start) / 100;
                }
            }
            foreach ($took as $what => $by) {
                foreach ($by as $count => $all) {
                    $results["$what among " . number_format($count)] = median($all);
                }
                $results["$what, ratio (×)"] = median(array_map(fn ($large, $small) => $large / $small, $by[10_000_000], $by[1_000_000]));
            }
            array_map(unlink(...), $stores);
            return $results;
        },
    ],
    'remote-counting' => ['title' => 'Four processes count on a server, ns an addition of all', 'measure' => remote_counting(...)],
    'remote-wake' => ['title' => 'A waiter of a store on a server wakes up', 'measure' => remote_wake(...)],
    'remote-idle' => ['title' => 'A client of a server that does nothing while others write', 'measure' => remote_idle(...)],
];
