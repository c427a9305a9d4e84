<?php
/*
 * The cases, by server: how it is started and stopped, and for each mode what is expected and the program that finds out. An exception is a
 * failure. The README's table is made of these and of the results.
 */

/** The command line and the web use one object: both directions, counts without loss, and both wait for each other. */
function shares(Server $server, string $store, ?string $inside = null): void
{
    $inside ??= $store;
    $s = new Sync($store);
    $s->from_task = ['text' => 'ä', 'list' => [1, 2.5, null]];
    same($s->from_task, $server->ask('get', $inside, ['name' => 'from_task']), 'the value of the task, on the page');
    same($server->ask('set', $inside, ['name' => 'from_page']), $s->from_page, 'the value of the page, in the task');

    $s->n = 0;
    $s->list = [];
    $task = Peer::php('$parent->tell(); $s = new Sync($argv[1]); for ($i = 0; $i < 500; $i++) { $s->n++; $s->list[] = $i; }', $store);
    $task->hear();
    for ($i = 0; $i < 20; $i++) {
        $requests = array_map(fn () => $server->send(['do' => 'add', 'store' => $inside]), range(1, 2));
        array_map(fn ($request) => $request->body(), $requests);
    }
    same('exit 0', $task->end(), 'the task that counts');
    same([540, 540], [$s->n, count($s->list)], 'the counts of task and pages');

    $waiting = $server->send(['do' => 'wait', 'store' => $inside]);
    $s->waitFor('ready', fn ($pid) => $pid > 0, PATIENCE);
    $s->go = 'go';
    same('"go"', $waiting->body(), 'the page that waits for the task');

    $task = Peer::php('$s = new Sync($argv[1]); $since = $s->version(); $parent->tell(); $parent->tell($s->wait("n", 30, $since) ? "changed" : "late");', $store);
    $task->hear();
    $server->ask('add', $inside);
    same('changed', $task->hear(), 'the task that waits for the page');
    $task->end();
}

/** Requests add one again and again in a process of their own, until they are told to stop; how many were answered, and how many were not. */
function meanwhile(Server $server, string $store, Closure $do): array
{
    $client = Peer::fork(function (Peer $parent) use ($server, $store) {
        $s = new Sync($store);
        for ($answered = $refused = 0; !$s->stop;) {
            try {
                [$status] = $server->send(['do' => 'add', 'store' => $store])->answer();
            } catch (Exception) {
                $status = 0;
            }
            $status === 200 ? $answered++ : $refused++;
        }
        $parent->tell("$answered $refused");
        // Nothing of the parent's is ended by this one.
        posix_kill(getmypid(), SIGKILL);
    });
    try {
        $do();
    } finally {
        (new Sync($store))->set('stop', true);
    }
    $counts = array_map('intval', explode(' ', $client->hear()));
    $client->end();
    return $counts;
}

/** A worker is killed while it holds the lock, and while it writes again and again: others go on, and nothing is half. */
function survives(Server $victim, Server $other, string $store, string $mark, Closure $kill): void
{
    $s = new Sync($store);
    $s->n = 0;
    $s->list = [];
    foreach (['hold', 'loop', 'loop', 'loop'] as $round => $do) {
        $file = "$mark-$do-$round";
        $request = $victim->send(['do' => $do, 'store' => $store, 'mark' => $file]);
        $pid = until(fn () => (int) @file_get_contents($file), "The page that is to be killed ($do)");
        for ($i = 0; $do === 'loop' && $i < 5; $i++) {
            holds($s->wait('n', PATIENCE), 'the page that is to be killed does not write');
        }
        $started = hrtime(true);
        $kill($pid);
        $other->ask('add', $store);
        $ms = (hrtime(true) - $started) / 1e6;
        holds($ms < 5_000, "the next request took $ms ms after a death");
        holds($request->answer()[0] !== 200, 'the page that was killed has answered');
        ['n' => $n, 'list' => $list] = $s->getMultiple(['n', 'list']);
        same(count($list), $n, 'count and list after a death');
    }
    same(true, $s->inside, 'the value written under the lock of the dead');
}

/** The anonymous memory, the descriptors and the mappings of a process. */
function footprint(int $pid): array
{
    preg_match('/^RssAnon:\s+(\d+)/m', file_get_contents("/proc/$pid/status"), $memory);
    return ['KiB' => (int) $memory[1], 'descriptors' => count(scandir("/proc/$pid/fd")) - 2, 'mappings' => substr_count(file_get_contents("/proc/$pid/maps"), "\n")];
}

/** A hundred thousand requests to one worker: nothing grows. */
function stays_small(Pool $pool, string $page, string $store, int $requests): void
{
    $client = new FastCgi($pool->socket);
    $pid = (int) json_decode($client->request($page, ['do' => 'who', 'store' => $store]), true)['pid'];
    $looks = [];
    for ($i = 1; $i <= $requests; $i++) {
        $client->request($page, ['do' => 'churn', 'store' => $store, 'number' => $i]);
        if ($i % intdiv($requests, 100) === 0) {
            foreach (footprint($pid) as $what => $number) {
                $looks[$what][] = $number;
            }
        }
    }
    same($requests, (new Sync($store))->n, 'the count of all requests');
    // Memory that is given back and taken again is no growth: the lowest figures of two fifths are compared.
    foreach (['KiB' => 256, 'descriptors' => 0, 'mappings' => 0] as $what => $allowed) {
        $before = min(array_slice($looks[$what], 40, 20));
        $after = min(array_slice($looks[$what], 80, 20));
        holds($after - $before <= $allowed, "$what of the worker grew from $before to $after");
    }
}

/** A program in C that embeds PHP; all that it prints is a complaint. */
function embeds(Place $place, string $store): void
{
    exec(implode(' ', array_map('escapeshellarg', ["$place->own/embed", 'cycles', __DIR__ . '/embed.php', $store])) . ' 2>&1', $output, $status);
    holds($status === 0 && $output === [], "exit $status: " . implode("\n", $output));
    $s = new Sync($store);
    same([8, 8], [$s->n, count($s->list)], 'the counts of all starts of the engine');
}

return [
    'PHP-FPM behind nginx' => [
        'start' => fn (Place $place) => (function () use ($place) {
            mkdir("$place->shared/jail");
            copy("$place->own/page.php", "$place->shared/jail/page.php");
            return new FpmBehindNginx($place, 'fpm', [
                'web' => ['pm.max_children' => '3'],
                'other' => ['user' => 'nobody', 'group' => 'nogroup', 'pm' => 'ondemand', 'pm.max_children' => '3', 'pm.process_idle_timeout' => '10s'],
                'recycled' => ['pm.max_requests' => '5'],
                'limited' => ['request_terminate_timeout' => '1s'],
                'one' => ['pm.max_children' => '1'],
            ] + (posix_geteuid() === 0 ? ['jail' => ['chroot' => "$place->shared/jail"]] : []));
        })(),
        'cases' => [
            ['a static pool of www-data', 'a task of the command line and the pages share one object: both directions, exact counts, each waits for the other',
                fn ($fpm, Place $place) => shares($fpm->pools['web'], $place->store())],
            ['an ondemand pool of nobody', 'the same',
                fn ($fpm, Place $place) => shares($fpm->pools['other'], $place->store())],
            ['both pools and a task of root', 'three users write to one file of mode 0666, whichever of them made it', function ($fpm, Place $place) {
                foreach (['web', 'other', 'task'] as $first) {
                    $store = $place->store();
                    foreach ([$first, 'web', 'other', 'task'] as $who) {
                        $who === 'task' ? (new Sync($store))->increment('n') : $fpm->pools[$who]->ask('add', $store);
                    }
                    same(4, (new Sync($store))->n, "the count, where $first came first");
                }
                same([posix_getpwnam('www-data')['uid'], posix_getpwnam('nobody')['uid']], array_map(fn ($pool) => $fpm->pools[$pool]->ask('who', $store)['user'], ['web', 'other']), 'the users of the pools');
            }, 'root' => true],
            ['the two-user trap', 'a task of root with umask 022 makes the file 0644: pages read; a write is a 500 whose message names owner, mode, user and `sync.file_mode`; `chmod` helps at once', function ($fpm, Place $place) {
                $store = $place->store();
                same('exit 0', Peer::php('umask(022); (new Sync($argv[1]))->set("n", 1);', $store)->end(), 'the task');
                same(1, $fpm->pools['web']->ask('get', $store, ['name' => 'n']), 'what a page reads');
                [$status, $body] = $fpm->pools['web']->send(['do' => 'add', 'store' => $store])->answer();
                same(500, $status, 'the status of a write');
                // A page that shows no errors, as it should be, shows none; nginx has the message of PHP-FPM.
                preg_match('~^.*not writable.*$~m', file_get_contents("$place->own/nginx-fpm.log"), $found);
                $log = $found[0] ?? '';
                foreach (['root:root', '0644', 'www-data', 'sync.file_mode'] as $part) {
                    holds(str_contains($log, $part), "the message in the log does not name $part: $log$body");
                }
                chmod($store, 0666);
                $fpm->pools['web']->ask('add', $store);
                same(2, (new Sync($store))->n, 'the count after chmod');
            }, 'root' => true],
            ['`pm.max_requests`', 'a hundred requests, a new worker after each five: no count is lost', function ($fpm, Place $place) {
                $store = $place->store();
                $pids = array_map(fn () => $fpm->pools['recycled']->ask('add', $store), range(1, 100));
                same(100, (new Sync($store))->n, 'the count');
                holds(count(array_unique($pids)) >= 20, count(array_unique($pids)) . ' workers for 100 requests');
            }],
            ['reload by SIGUSR2, twice', 'pages write meanwhile: all that were answered count, and the task goes on', function ($fpm, Place $place) {
                $store = $place->store();
                $pool = $fpm->pools['web'];
                [$answered, $refused] = meanwhile($pool, $store, function () use ($pool, $store) {
                    for ($i = 0; $i < 2; $i++) {
                        $old = children($pool->master);
                        $n = (new Sync($store))->n;
                        (new Sync($store))->waitFor('n', fn ($now) => $now > $n + 10, PATIENCE);
                        posix_kill($pool->master, SIGUSR2);
                        until(fn () => array_intersect($old, children($pool->master)) === [], 'A reload of PHP-FPM');
                        $n = (new Sync($store))->n;
                        (new Sync($store))->waitFor('n', fn ($now) => $now > $n + 10, PATIENCE);
                    }
                });
                $n = (new Sync($store))->n;
                holds($answered <= $n && $n <= $answered + $refused, "$n counted of $answered that were answered and $refused that were not");
                shares($pool, $place->store());
            }],
            ['a worker killed by SIGKILL', 'while it holds `lock()` and in the middle of transactions: the other pool goes on at once, and nothing is half written',
                fn ($fpm, Place $place) => survives($fpm->pools['web'], $fpm->pools['other'], $place->store(), "$place->shared/mark-kill", fn ($pid) => posix_kill($pid, SIGKILL))],
            ['`request_terminate_timeout`', 'the same, where PHP-FPM ends the worker',
                fn ($fpm, Place $place) => survives($fpm->pools['limited'], $fpm->pools['other'], $place->store(), "$place->shared/mark-limit", fn ($pid) => until(fn () => !posix_kill($pid, 0), 'The end of a request by request_terminate_timeout'))],
            ['`chroot`', 'the pages see the file by its path inside, the task by its path outside',
                fn ($fpm, Place $place) => shares($fpm->pools['jail'], "$place->shared/jail/store", '/store'), 'root' => true],
            ['100,000 requests in one worker', 'memory, descriptors and mappings stay flat; the count is exact',
                fn ($fpm, Place $place, int $requests) => stays_small($fpm->pools['one'], "$place->own/page.php", $place->store(), $requests)],
        ],
    ],
    'PHP-FPM with preloading and JIT' => [
        'start' => function (Place $place) {
            $place->preloaded = $place->store();
            return new FpmBehindNginx($place, 'opcache', ['preloaded' => []], [
                'opcache.enable' => '1', 'opcache.preload' => "$place->own/preload.php", 'opcache.jit' => 'tracing', 'opcache.jit_buffer_size' => '32M',
            ] + (posix_geteuid() === 0 ? ['opcache.preload_user' => 'www-data'] : []), ['SYNC_STORE' => $place->preloaded]);
        },
        'cases' => [
            ['opcache preloading, `preload_user`', 'a preloaded class extends Sync; the preloading itself has written to the store, as that user', function ($fpm, Place $place) {
                $store = $place->preloaded;
                $answers = array_map(fn () => $fpm->pools['preloaded']->ask('preloaded', $store), range(1, 4));
                same(range(1, 4), array_column($answers, 'steps'), 'the steps of a preloaded class');
                same(['own', 1], [$answers[0]['own'], $answers[0]['included']], 'its own property; and the files that were included');
                same(posix_geteuid() === 0 ? posix_getpwnam('www-data')['uid'] : posix_geteuid(), $answers[0]['preloader'], 'the user who has preloaded');
                shares($fpm->pools['preloaded'], $place->store());
            }],
            ['JIT (tracing)', 'loops of 20,000 writes and reads, compiled: exact', function ($fpm, Place $place) {
                $store = $place->store();
                for ($i = 1; $i <= 4; $i++) {
                    same(['n' => 20_000 * $i, 'sum' => 199_990_000, 'jit' => true], $fpm->pools['preloaded']->ask('jit', $store), "loop $i");
                }
            }],
        ],
    ],
    'Apache' => [
        'start' => fn (Place $place) => new Apache($place),
        'cases' => [
            ['the module, prefork', 'a task of the command line and the pages share one object: both directions, exact counts, each waits for the other',
                fn ($apache, Place $place) => shares($apache, $place->store())],
            ['graceful restart, twice', 'pages write meanwhile: all that were answered count; the module ends and begins in one process', function ($apache, Place $place) {
                $store = $place->store();
                [$answered, $refused] = meanwhile($apache, $store, function () use ($apache, $store, $place) {
                    for ($i = 0; $i < 2; $i++) {
                        $old = children($apache->master);
                        $n = (new Sync($store))->n;
                        (new Sync($store))->waitFor('n', fn ($now) => $now > $n + 10, PATIENCE);
                        $resumed = fn () => substr_count(file_get_contents("$place->own/apache.log"), 'resuming normal operations');
                        $before = $resumed();
                        posix_kill($apache->master, SIGUSR1);
                        until(fn () => $resumed() > $before && array_intersect($old, children($apache->master)) === [], 'A graceful restart of Apache');
                        $n = (new Sync($store))->n;
                        (new Sync($store))->waitFor('n', fn ($now) => $now > $n + 10, PATIENCE);
                    }
                });
                $n = (new Sync($store))->n;
                holds($answered <= $n && $n <= $answered + $refused, "$n counted of $answered that were answered and $refused that were not");
                shares($apache, $place->store());
            }],
            ['a child killed by SIGKILL', 'while it holds `lock()` and in the middle of transactions: the others go on at once, and nothing is half written',
                fn ($apache, Place $place) => survives($apache, $apache, $place->store(), "$place->shared/mark-apache", fn ($pid) => posix_kill($pid, SIGKILL))],
        ],
    ],
    'php-cgi' => [
        'start' => fn (Place $place) => new Cgi($place),
        'cases' => [
            ['a process for each request', 'a task of the command line and the pages share one object: both directions, exact counts, each waits for the other',
                fn ($cgi, Place $place) => shares($cgi, $place->store())],
        ],
    ],
    'php -S' => [
        'start' => fn (Place $place) => new CliServer($place),
        'cases' => [
            ['`PHP_CLI_SERVER_WORKERS=4`', 'a task of the command line and the pages share one object: both directions, exact counts, each waits for the other',
                fn ($server, Place $place) => shares($server, $place->store())],
            ['a worker killed by SIGKILL', 'while it holds `lock()` and in the middle of transactions: the others go on at once, and nothing is half written',
                fn ($server, Place $place) => survives($server, $server, $place->store(), "$place->shared/mark-cli", fn ($pid) => posix_kill($pid, SIGKILL))],
        ],
    ],
    'a program that embeds PHP' => [
        'start' => fn () => null,
        'cases' => [
            ['the engine started and shut down eight times in one process', 'each finds what was stored before, and no lock of the one before; no file stays open or mapped after a shutdown',
                fn ($none, Place $place) => embeds($place, $place->store())],
        ],
    ],
];
