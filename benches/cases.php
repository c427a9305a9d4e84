<?php
/*
 * The measurements in one process, as data: a new case or competitor is a new entry, not new code.
 *
 * Each subject is PHP source: `open` runs once, `run` is the body of the measured loop, in which `$i`
 * counts. The loop itself is measured with it, for all subjects alike. `needs` is an extension, a
 * function or a class; where it is missing the subject is named and left out. `{dir}` is a directory
 * on tmpfs; `$pairs`, `$objects`, `$megabyte` … are made in php/fixtures.php. `prepare` runs before
 * each sample of `$n` turns, unmeasured; `at most` limits `$n`.
 */

$sync = ['needs' => 'sync'];
$fresh = static fn (string $file, string $fill = '') => "\$s = new Sync('{dir}/$file'); $fill";

/** On a disk, for what waits for one. */
$durable = static fn (string $fill) => '$file = tempnam("/var/tmp", "sync-bench"); unlink($file); register_shutdown_function(fn () => @unlink($file));'
    . " \$s = new Sync(\$file, durability: 'commit'); $fill";

$redis = ['needs' => 'redis', 'open' => '$r = new Redis; $r->connect("{dir}/redis"); $r->set("x", 1);'];
$memcached = ['needs' => 'memcached', 'open' => '$m = new Memcached; $m->addServer("{dir}/memcached", 0); $m->set("x", 1);'];
$sqlite = ['needs' => 'sqlite3', 'open' => <<<'PHP'
    $db = new SQLite3('{dir}/sqlite');
    $db->enableExceptions(true);
    $db->busyTimeout(10000);
    $db->exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v)');
    $db->exec('INSERT OR REPLACE INTO t VALUES ("x", 1)');
    $get = $db->prepare('SELECT v FROM t WHERE k = "x"');
    $set = $db->prepare('INSERT OR REPLACE INTO t VALUES ("x", ?)');
    PHP];
$sysv = ['needs' => 'shm_attach', 'open' => <<<'PHP'
    $key = ftok('{dir}', 's');
    $shm = shm_attach($key, 1 << 20);
    $semaphore = sem_get($key);
    shm_put_var($shm, 1, 1);
    register_shutdown_function(function () use ($shm, $semaphore) { @shm_remove($shm); @sem_remove($semaphore); });
    PHP];
$shmop = ['needs' => 'shmop_open', 'open' => <<<'PHP'
    $shm = shmop_open(ftok('{dir}', 'o'), 'c', 0600, 1 << 16);
    shmop_write($shm, str_pad(serialize(1), 64), 0);
    register_shutdown_function(fn () => shmop_delete($shm));
    PHP];
$magic = ['open' => <<<'PHP'
    $o = new class {
        private array $data = ['x' => 1];
        public function __get($name) { return $this->data[$name]; }
        public function __set($name, $value) { $this->data[$name] = $value; }
    };
    PHP];
$original = static fn (int $keys) => ['open' => "\$o = new OriginalSync('{dir}/original-$keys'); \$o->setData((object) (['x' => 1] + named($keys - 1)));"];

/** The names key0, key1 …, made at run time: no literals. */
$thousand = '$names = array_keys(named(1000));';
/** Each sample goes on where the last one ended, so that all names have their turn. (And had it twice before: one sample is no round of 100,000.) */
$on = static fn (int $count) => "\$at->n = (\$at->n + \$n) % $count; \$from = \$at->n;";
$reads_in_a_loop = static function (int $count) use ($sync, $fresh, $on): array {
    $open = "\$names = array_keys(named($count)); \$at = (object) ['n' => 0];";
    $name = "\$names[(\$from + \$i) % $count]";
    $twice = static fn (string $read) => " foreach ([1, 2] as \$i) foreach (\$names as \$k) \$v = $read;";
    return [
        'Sync' => $sync + ['open' => $fresh("dynamic-$count", "$open \$s->setData((object) named($count));" . $twice('$s->$k')), 'prepare' => $on($count), 'run' => "\$v = \$s->{{$name}};"],
        'APCu' => ['needs' => 'apcu', 'open' => "$open foreach (\$names as \$i => \$k) apcu_store(\$k, \$i);" . $twice('apcu_fetch($k)'), 'prepare' => $on($count), 'run' => "\$v = apcu_fetch($name);"],
        'Yac' => ['needs' => 'yac', 'open' => "$open \$y = new Yac; foreach (\$names as \$i => \$k) \$y->set(\$k, \$i);" . $twice('$y->get($k)'), 'prepare' => $on($count), 'run' => "\$v = \$y->get($name);"],
    ];
};
$each_once_written = [];
foreach (['an int' => '$i', 'a string of 20' => '$twenty'] as $what => $value) {
    $open = "$thousand \$twenty = str_repeat('0123456789', 2);";
    $file = 'once-written-' . strlen($what);
    $each_once_written += [
        "Sync, $what" => $sync + ['open' => $fresh($file, "$open foreach (\$names as \$i => \$k) \$s->\$k = $value; \$f = \$s->getFile();"), 'prepare' => '$t = new Sync($f); $t->x;', 'run' => "\$t->{\$names[\$i]} = $value;", 'at most' => 1_000],
        "APCu, $what" => ['needs' => 'apcu', 'open' => $open, 'run' => "apcu_store(\$names[\$i], $value);", 'at most' => 1_000],
        "Yac, $what" => ['needs' => 'yac', 'open' => "$open \$y = new Yac;", 'run' => "\$y->set(\$names[\$i], $value);", 'at most' => 1_000],
    ];
}

return [
    'read' => [
        'title' => 'Read of an unchanged scalar',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('read', '$s->x = 1;'), 'run' => '$v = $s->x;'],
            'the loop alone' => ['open' => '', 'run' => ''],
            'stdClass' => ['open' => '$o = new stdClass; $o->x = 1;', 'run' => '$v = $o->x;'],
            'userland __get' => $magic + ['run' => '$v = $o->x;'],
            'Yac' => ['needs' => 'yac', 'open' => '$y = new Yac; $y->set("x", 1);', 'run' => '$v = $y->get("x");'],
            'APCu' => ['needs' => 'apcu', 'open' => 'apcu_store("x", 1);', 'run' => '$v = apcu_fetch("x");'],
            'shmop, no lock' => $shmop + ['run' => '$v = unserialize(shmop_read($shm, 0, 64));'],
            'sysvshm + semaphore' => $sysv + ['run' => 'sem_acquire($semaphore); $v = shm_get_var($shm, 1); sem_release($semaphore);'],
            'SQLite, WAL' => $sqlite + ['run' => '$v = $get->execute()->fetchArray(SQLITE3_NUM)[0];'],
            'Redis' => $redis + ['run' => '$v = $r->get("x");'],
            'Memcached' => $memcached + ['run' => '$v = $m->get("x");'],
            'the original, 1 key' => $original(1) + ['run' => '$v = $o->x;'],
            'the original, 10,000 keys' => $original(10_000) + ['run' => '$v = $o->x;'],
        ],
    ],
    'write' => [
        'title' => 'Write of a scalar',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('write'), 'run' => '$s->x = $i;'],
            'stdClass' => ['open' => '$o = new stdClass; $o->x = 1;', 'run' => '$o->x = $i;'],
            'userland __set' => $magic + ['run' => '$o->x = $i;'],
            'Yac' => ['needs' => 'yac', 'open' => '$y = new Yac;', 'run' => '$y->set("x", $i);'],
            'APCu' => ['needs' => 'apcu', 'open' => '', 'run' => 'apcu_store("x", $i);'],
            'shmop, no lock' => $shmop + ['run' => 'shmop_write($shm, serialize($i), 0);'],
            'sysvshm + semaphore' => $sysv + ['run' => 'sem_acquire($semaphore); shm_put_var($shm, 1, $i); sem_release($semaphore);'],
            'SQLite, WAL' => $sqlite + ['run' => '$set->bindValue(1, $i); $set->execute();'],
            'Redis' => $redis + ['run' => '$r->set("x", $i);'],
            'Memcached' => $memcached + ['run' => '$m->set("x", $i);'],
            'the original, 1 key' => $original(1) + ['run' => '$o->x = $i;'],
            'the original, 10,000 keys' => $original(10_000) + ['run' => '$o->x = $i;'],
        ],
    ],
    'isset' => [
        'title' => 'isset() of an unchanged scalar',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('isset', '$s->x = 1;'), 'run' => '$v = isset($s->x);'],
            'stdClass' => ['open' => '$o = new stdClass; $o->x = 1;', 'run' => '$v = isset($o->x);'],
            'APCu' => ['needs' => 'apcu', 'open' => 'apcu_store("x", 1);', 'run' => '$v = apcu_exists("x");'],
        ],
    ],
    'increment' => [
        'title' => 'Add one, atomically where there is such a thing',
        'subjects' => [
            'Sync, $s->n++' => $sync + ['open' => $fresh('increment', '$s->n = 0;'), 'run' => '$s->n++;'],
            'Sync, $s->n = $i' => $sync + ['open' => $fresh('increment-write', '$s->n = 0;'), 'run' => '$s->n = $i;'],
            'Sync, increment()' => $sync + ['open' => $fresh('increment-call', '$s->n = 0;'), 'run' => '$s->increment("n");'],
            'Sync, compareAndSet()' => $sync + ['open' => $fresh('increment-compare', '$s->n = 0; $old = 0;'), 'run' => '$s->compareAndSet("n", $old, ++$old);'],
            'Sync, update()' => $sync + ['open' => $fresh('increment-update', '$s->n = 0; $add = fn ($n) => $n + 1;'), 'run' => '$s->update("n", $add);'],
            'stdClass' => ['open' => '$o = new stdClass; $o->n = 0;', 'run' => '$o->n++;'],
            'APCu, apcu_inc' => ['needs' => 'apcu', 'open' => 'apcu_store("n", 0);', 'run' => 'apcu_inc("n");'],
            'Redis, INCR' => $redis + ['run' => '$r->incr("n");'],
            'sysvshm + semaphore' => $sysv + ['run' => 'sem_acquire($semaphore); shm_put_var($shm, 1, shm_get_var($shm, 1) + 1); sem_release($semaphore);'],
        ],
    ],
    'multiple' => [
        'title' => 'Read 50 values of 1,000, as of one moment where there is such a thing',
        'subjects' => [
            'Sync, getMultiple()' => $sync + ['open' => $fresh('multiple', '$s->setData((object) named(1000)); $names = array_slice(array_keys(named(1000)), 100, 50);'), 'run' => '$v = $s->getMultiple($names);'],
            'Sync, one after the other' => $sync + ['open' => $fresh('multiple-each', '$s->setData((object) named(1000)); $names = array_slice(array_keys(named(1000)), 100, 50);'), 'run' => 'foreach ($names as $name) { $v[$name] = $s->$name; }'],
            'Sync, getData()' => $sync + ['open' => $fresh('multiple-all', '$s->setData((object) named(1000));'), 'run' => '$v = $s->getData();'],
            'APCu' => ['needs' => 'apcu', 'open' => 'foreach (named(1000) as $k => $x) apcu_store($k, $x); $names = array_slice(array_keys(named(1000)), 100, 50);', 'run' => '$v = apcu_fetch($names);'],
            'Redis, MGET' => ['needs' => 'redis', 'open' => '$r = new Redis; $r->connect("{dir}/redis"); $r->mset(named(1000)); $names = array_slice(array_keys(named(1000)), 100, 50);', 'run' => '$v = $r->mget($names);'],
        ],
    ],
    'expiring' => [
        'title' => 'Read a value that expires some time, and one that never does; `add()` of a name that is there',
        'subjects' => [
            'Sync, that never expires' => $sync + ['open' => $fresh('never-expires', '$s->x = 1;'), 'run' => '$v = $s->x;'],
            'Sync, with a TTL' => $sync + ['open' => $fresh('expires', '$s->put("x", 1, 3600);'), 'run' => '$v = $s->x;'],
            'Sync, has()' => $sync + ['open' => $fresh('has', '$s->x = 1;'), 'run' => '$v = $s->has("x");'],
            'Sync, add() that fails' => $sync + ['open' => $fresh('add', '$s->x = 1;'), 'run' => '$v = $s->add("x", 2);'],
        ],
    ],
    'transaction' => [
        'title' => '1,000 writes of different names; with durability on the disk of /var/tmp',
        'subjects' => [
            'Sync, one by one' => $sync + ['open' => $fresh('one-by-one', '$names = array_keys(named(1000)); foreach ($names as $name) { $s->$name = 0; }'), 'run' => 'foreach ($names as $name) { $s->$name = $i; }'],
            'Sync, transaction()' => $sync + ['open' => $fresh('transaction', '$names = array_keys(named(1000)); foreach ($names as $name) { $s->$name = 0; } $fn = function ($s) use ($names, &$i) { foreach ($names as $name) { $s->$name = $i; } };'), 'run' => '$s->transaction($fn);'],
            'Sync, setMultiple()' => $sync + ['open' => $fresh('set-multiple', '$values = array_map(fn () => 1, named(1000));'), 'run' => '$s->setMultiple($values);'],
            "Sync, one by one, durability: 'commit'" => $sync + ['open' => $durable('$names = array_keys(named(1000)); foreach ($names as $name) { $s->$name = 0; }'), 'run' => 'foreach ($names as $name) { $s->$name = $i; }'],
            "Sync, transaction(), durability: 'commit'" => $sync + ['open' => $durable('$names = array_keys(named(1000)); foreach ($names as $name) { $s->$name = 0; } $fn = function ($s) use ($names, &$i) { foreach ($names as $name) { $s->$name = $i; } };'), 'run' => '$s->transaction($fn);'],
        ],
    ],
    'append' => [
        'title' => 'Append to a list of 10,000',
        'subjects' => [
            'Sync, $s->list[] = 1' => $sync + ['open' => $fresh('append', '$s->list = range(1, 10000);'), 'run' => '$s->list[] = 1;'],
            'Sync, $s->x = $i' => $sync + ['open' => $fresh('append-write', '$s->list = range(1, 10000);'), 'run' => '$s->x = $i;'],
            'stdClass' => ['open' => '$o = new stdClass; $o->list = range(1, 10000);', 'run' => '$o->list[] = 1;'],
            'Redis, RPUSH' => $redis + ['run' => '$r->rPush("list", 1);'],
            'APCu, fetch and store' => ['needs' => 'apcu', 'open' => 'apcu_store("list", range(1, 10000));', 'run' => '$l = apcu_fetch("list"); $l[] = 1; apcu_store("list", $l);'],
        ],
    ],
    'queue' => [
        'title' => 'Push to a queue, and take the first off, by its length',
        'subjects' => array_merge(...array_map(static fn (int $length) => [
            'Sync, ' . number_format($length) => $sync + ['open' => $fresh("queue-$length", "for (\$i = 0; \$i < $length; \$i++) { \$s->push('jobs', 'a job'); }"), 'run' => '$s->push("jobs", "a job"); $v = $s->shift("jobs");'],
            'Sync, push() and consume(), ' . number_format($length) => $sync + ['open' => $fresh("consume-$length", "\$done = fn (\$job) => \$job; for (\$i = 0; \$i < $length; \$i++) { \$s->push('jobs', 'a job'); }"), 'run' => '$s->push("jobs", "a job"); $v = $s->consume("jobs", $done);'],
            'Redis, ' . number_format($length) => ['open' => $redis['open'] . "\$r->del('jobs'); for (\$i = 0; \$i < $length; \$i++) { \$r->rPush('jobs', 'a job'); }"] + $redis + ['run' => '$r->rPush("jobs", "a job"); $v = $r->lPop("jobs");'],
        ], [10, 1000, 1_000_000])),
    ],
    'append-first' => [
        'title' => 'First append of an object that has read nothing, by the length of the list',
        'subjects' => array_merge(...array_map(fn (int $length) => [
            'Sync, to a list of ' . number_format($length) => $sync + [
                'open' => "\$s = new Sync('{dir}/append-first-$length'); \$s->list = range(1, $length); \$f = \$s->getFile();",
                'run' => "\$t = new Sync(\$f); \$t->list[] = 1;",
            ],
        ], [100, 10_000, 3_000_000])),
    ],
    'keys-read' => [
        'title' => 'Read of one key among many: unchanged, and just overwritten',
        'subjects' => array_merge(...array_map(fn (int $keys) => [
            'Sync, read among ' . number_format($keys) => $sync + [
                'open' => "\$s = new Sync('{dir}/keys-$keys'); \$s->setData((object) named($keys)); \$k = 'key' . ($keys >> 1); \$s->\$k = 1;",
                'run' => '$v = $s->$k;',
            ],
        ], [1, 10_000, 1_000_000])),
    ],
    'keys-write' => [
        'title' => 'Write of one key among many',
        'subjects' => array_merge(...array_map(fn (int $keys) => [
            'Sync, write among ' . number_format($keys) => $sync + [
                'open' => "\$s = new Sync('{dir}/keys-$keys'); \$s->setData((object) named($keys)); \$k = 'key' . ($keys >> 1);",
                'run' => '$s->$k = $i;',
            ],
        ], [1, 10_000, 1_000_000])),
    ],
    'keys-other' => [
        'title' => 'Read of one key among many, just overwritten by another object',
        'subjects' => array_merge(...array_map(fn (int $keys) => [
            'Sync, write and read among ' . number_format($keys) => $sync + [
                'open' => "\$s = new Sync('{dir}/keys-$keys'); \$s->setData((object) named($keys)); \$t = new Sync('{dir}/keys-$keys'); \$k = 'key' . ($keys >> 1);",
                'run' => '$s->$k = $i; $v = $t->$k;',
            ],
        ], [1, 10_000, 1_000_000])),
    ],
    'beside' => [
        'title' => 'Write of a scalar beside a large value',
        'subjects' => [
            'Sync, beside none' => $sync + ['open' => $fresh('beside-none'), 'run' => '$s->x = $i;'],
            'Sync, beside 100 MB' => $sync + ['open' => $fresh('beside', '$s->big = str_repeat("0123456789abcdef", 100 << 16);'), 'run' => '$s->x = $i;'],
        ],
    ],
    'pairs-read' => [
        'title' => 'Read of an unchanged array of 100 string pairs',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('pairs-read', '$s->x = $pairs;'), 'run' => '$v = $s->x;'],
            'Sync, an int' => $sync + ['open' => $fresh('pairs-read-int', '$s->x = 1;'), 'run' => '$v = $s->x;'],
            'Yac' => ['needs' => 'yac', 'open' => '$y = new Yac; $y->set("pairs", $pairs);', 'run' => '$v = $y->get("pairs");'],
            'APCu' => ['needs' => 'apcu', 'open' => 'apcu_store("pairs", $pairs);', 'run' => '$v = apcu_fetch("pairs");'],
        ],
    ],
    'pairs-write' => [
        'title' => 'Write of an array of 100 string pairs',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('pairs-write'), 'run' => '$s->x = $pairs;'],
            'Sync, a string of as many bytes' => $sync + ['open' => $fresh('pairs-write-string'), 'run' => '$s->x = $pairsBytes;'],
            'Yac' => ['needs' => 'yac', 'open' => '$y = new Yac;', 'run' => '$y->set("pairs", $pairs);'],
            'APCu' => ['needs' => 'apcu', 'open' => '', 'run' => 'apcu_store("pairs", $pairs);'],
            'serialize' => ['open' => '', 'run' => '$v = serialize($pairs);'],
            'igbinary_serialize' => ['needs' => 'igbinary', 'open' => '', 'run' => '$v = igbinary_serialize($pairs);'],
            'msgpack_pack' => ['needs' => 'msgpack', 'open' => '', 'run' => '$v = msgpack_pack($pairs);'],
        ],
    ],
    'pairs-first' => [
        // Values that another process has just written; each is read once.
        'title' => 'First read of an array of 100 string pairs',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('pairs-first', 'elsewhere($s->getFile(), \'$pairs\');'), 'prepare' => 'elsewhere($s->getFile(), \'$pairs\', $n);', 'run' => '$v = $s->{"k$i"};', 'at most' => 50],
            'Sync, a string of as many bytes' => $sync + ['open' => $fresh('pairs-first-string', 'elsewhere($s->getFile(), \'$pairsBytes\');'), 'prepare' => 'elsewhere($s->getFile(), \'$pairsBytes\', $n);', 'run' => '$v = $s->{"k$i"};', 'at most' => 50],
            'unserialize' => ['open' => '$b = serialize($pairs);', 'run' => '$v = unserialize($b);'],
            'igbinary_unserialize' => ['needs' => 'igbinary', 'open' => '$b = igbinary_serialize($pairs);', 'run' => '$v = igbinary_unserialize($b);'],
            'msgpack_unpack' => ['needs' => 'msgpack', 'open' => '$b = msgpack_pack($pairs);', 'run' => '$v = msgpack_unpack($b);'],
        ],
    ],
    'objects-write' => [
        'title' => 'Write of 1,000 small objects of one class',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('objects-write'), 'run' => '$s->x = $objects;'],
            'serialize' => ['open' => '', 'run' => '$v = serialize($objects);'],
            'igbinary_serialize' => ['needs' => 'igbinary', 'open' => '', 'run' => '$v = igbinary_serialize($objects);'],
            'msgpack_pack' => ['needs' => 'msgpack', 'open' => '', 'run' => '$v = msgpack_pack($objects);'],
            'APCu' => ['needs' => 'apcu', 'open' => '', 'run' => 'apcu_store("objects", $objects);'],
        ],
    ],
    'objects-read' => [
        // Objects are decoded at every read, since their reader may change them.
        'title' => 'Read of 1,000 small objects of one class',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('objects-read', '$s->x = $objects;'), 'run' => '$v = $s->x;'],
            'unserialize' => ['open' => '$b = serialize($objects);', 'run' => '$v = unserialize($b);'],
            'igbinary_unserialize' => ['needs' => 'igbinary', 'open' => '$b = igbinary_serialize($objects);', 'run' => '$v = igbinary_unserialize($b);'],
            'msgpack_unpack' => ['needs' => 'msgpack', 'open' => '$b = msgpack_pack($objects);', 'run' => '$v = msgpack_unpack($b);'],
            'APCu' => ['needs' => 'apcu', 'open' => 'apcu_store("objects", $objects);', 'run' => '$v = apcu_fetch("objects");'],
        ],
    ],
    'megabyte-write' => [
        'title' => 'Write of a 1 MB string',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('megabyte-write'), 'run' => '$s->x = $megabyte;'],
            'memcpy' => ['needs' => 'ffi', 'open' => '$from = FFI::new("char[1048576]"); $to = FFI::new("char[1048576]"); FFI::memset($from, 1, 1048576);', 'run' => 'FFI::memcpy($to, $from, 1048576);'],
            'a PHP string of its own (emalloc + memcpy)' => ['open' => '', 'run' => '$v = $megabyte; $v[0] = "x";'],
            'APCu' => ['needs' => 'apcu', 'open' => '', 'run' => 'apcu_store("megabyte", $megabyte);'],
            'Redis' => $redis + ['run' => '$r->set("megabyte", $megabyte);'],
        ],
    ],
    'megabyte-first' => [
        // Another process has just written it, so it is in no CPU cache here; neither is the source of memcpy.
        // The memory that the string goes to is warm, as in a script that does this more than once.
        'title' => 'First read of a 1 MB string',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('megabyte-first', 'elsewhere($s->getFile(), \'$megabyte\');'), 'prepare' => 'elsewhere($s->getFile(), \'$megabyte\', $n); warm_heap();', 'run' => '$v = $s->{"k$i"};', 'at most' => 1],
            'memcpy' => ['needs' => 'ffi', 'open' => '$from = FFI::new("char[1048576]"); $to = FFI::new("char[1048576]"); $other = FFI::new("char[67108864]");', 'prepare' => 'FFI::memset($from, $n, 1048576); FFI::memset($other, $n, 67108864);', 'at most' => 1, 'run' => 'FFI::memcpy($to, $from, 1048576);'],
            'a PHP string of its own (emalloc + memcpy)' => ['open' => '', 'prepare' => 'warm_heap();', 'at most' => 1, 'run' => '$v = $megabyte; $v[0] = "x";'],
            'APCu' => ['needs' => 'apcu', 'open' => 'apcu_store("megabyte", $megabyte);', 'prepare' => 'warm_heap();', 'at most' => 1, 'run' => '$v = apcu_fetch("megabyte");'],
            'Redis' => ['open' => $redis['open'] . '$r->set("megabyte", $megabyte);'] + $redis + ['run' => '$v = $r->get("megabyte");'],
        ],
    ],
    'dynamic' => [
        'title' => 'Read of names made at run time, 1,000 in a loop',
        'subjects' => $reads_in_a_loop(1_000),
    ],
    'dynamic-many' => [
        'title' => 'Read of names made at run time, 100,000 in a loop, from its third round on',
        'subjects' => $reads_in_a_loop(100_000),
    ],
    'once' => [
        'title' => 'Read of 1,000 names, each once by a new object',
        'subjects' => [
            'Sync, an int' => $sync + ['open' => $fresh('once-int', "$thousand foreach (\$names as \$i => \$k) \$s->\$k = \$i; \$f = \$s->getFile();"), 'prepare' => '$t = new Sync($f); $t->x;', 'run' => '$v = $t->{$names[$i]};', 'at most' => 1_000],
            'APCu, an int' => ['needs' => 'apcu', 'open' => "$thousand foreach (\$names as \$i => \$k) apcu_store(\$k, \$i);", 'run' => '$v = apcu_fetch($names[$i]);', 'at most' => 1_000],
            'Yac, an int' => ['needs' => 'yac', 'open' => "$thousand \$y = new Yac; foreach (\$names as \$i => \$k) \$y->set(\$k, \$i);", 'run' => '$v = $y->get($names[$i]);', 'at most' => 1_000],
        ],
    ],
    'once-written' => [
        'title' => 'Write of 1,000 names that exist, each once by a new object',
        'subjects' => $each_once_written,
    ],
    'known-written' => [
        'title' => 'Write of 1,000 names that the object knows, in a loop',
        'subjects' => [
            'Sync' => $sync + ['open' => $fresh('known-written', "$thousand foreach (\$names as \$i => \$k) \$s->\$k = \$i;"), 'run' => '$s->{$names[$i % 1000]} = $i;'],
            'APCu' => ['needs' => 'apcu', 'open' => $thousand, 'run' => 'apcu_store($names[$i % 1000], $i);'],
            'Yac' => ['needs' => 'yac', 'open' => "$thousand \$y = new Yac;", 'run' => '$y->set($names[$i % 1000], $i);'],
        ],
    ],
    'new' => [
        'title' => 'A new object on a file that is open, and a read',
        'subjects' => [
            'Sync, an int' => $sync + ['open' => $fresh('new', '$s->x = 1; $f = $s->getFile();'), 'run' => '$t = new Sync($f); $v = $t->x;'],
            'Sync, an array of 2' => $sync + ['open' => $fresh('new-array', '$s->x = ["id" => 1, "name" => "name 1"]; $f = $s->getFile();'), 'run' => '$t = new Sync($f); $v = $t->x;'],
            'Sync, the object alone' => $sync + ['open' => $fresh('new-alone', '$s->x = 1; $f = $s->getFile();'), 'run' => '$t = new Sync($f);'],
            'Sync, a relative path' => $sync + ['open' => $fresh('new-relative', '$s->x = 1; $f = str_repeat("../", substr_count(getcwd(), "/")) . substr("{dir}/new-relative", 1);'), 'run' => '$t = new Sync($f); $v = $t->x;'],
            'APCu, a fetch' => ['needs' => 'apcu', 'open' => 'apcu_store("x", 1);', 'run' => '$v = apcu_fetch("x");'],
        ],
    ],
    // One file for both of a size: all arrays together are less than what a request keeps.
    'map' => [
        'title' => 'One element of a long array: read, and add one',
        'subjects' => array_merge(...array_map(fn (int $entries) => [
            'Sync, $s->map[$k] of ' . number_format($entries) => $sync + ['open' => $fresh("map-$entries", "\$s->map = named($entries);"), 'run' => '$v = $s->map["key7"];'],
            'Sync, $s->map[$k]++ among ' . number_format($entries) => $sync + ['open' => $fresh("map-$entries", "\$s->map = named($entries);"), 'run' => '$s->map["key7"]++;'],
        ], [1_000, 100_000, 300_000])),
    ],
] + require __DIR__ . '/cases-remote.php';
