<?php
/*
 * A request, as the worker of a pool runs it; it times itself, and answers with numbers as JSON. The files that it
 * includes are made by requests.php, and in opcache.
 */

[$do, $directory, $kind, $salt] = [$_GET['do'], $_GET['directory'], $_GET['kind'] ?? '', (int) ($_GET['salt'] ?? 0)];

/** The worker by the kernel's count, its memory in KiB; and the bytes that its cache says that it takes. */
function worker(): array
{
    preg_match('/^RssAnon:\s+(\d+)/m', file_get_contents('/proc/self/status'), $memory);
    ob_start();
    phpinfo(INFO_MODULES);
    preg_match('/Cache of this thread.*?(\d+) names, (\d+) bytes/s', ob_get_clean(), $cache);
    return [
        'KiB' => (int) $memory[1], 'descriptors' => count(scandir('/proc/self/fd')) - 2,
        'mappings' => substr_count(file_get_contents('/proc/self/maps'), "\n"), 'names' => (int) $cache[1], 'cache' => (int) $cache[2],
    ];
}

/** Nanoseconds a read, if the last value is the one that was written last. */
function each(int $took, mixed $value, string $kind, int $salt): array
{
    require_once __DIR__ . '/values.php';
    $count = count(names_of($kind));
    return ['ns' => $value === value_of($kind, $count - 1, $salt) ? $took / $count : throw new Exception("$kind: a wrong value")];
}

hrtime(true);
echo json_encode(match ($do) {
    'pid' => ['pid' => getmypid()],
    'sync' => (function () use ($directory, $kind, $salt) {
        $names = (include "$directory/names.php")[$kind];
        require_once __DIR__ . '/values.php';
        $s = new Sync(store_of($directory, $kind));
        $v = $s->none;
        $start = hrtime(true);
        foreach ($names as $name) {
            $v = $s->$name;
        }
        return each(hrtime(true) - $start, $v, $kind, $salt);
    })(),
    'apcu' => (function () use ($directory, $kind) {
        $names = (include "$directory/names-of-apcu.php")[$kind];
        $v = apcu_fetch('none');
        $start = hrtime(true);
        foreach ($names as $name) {
            $v = apcu_fetch($name);
        }
        return each(hrtime(true) - $start, $v, $kind, 0);
    })(),
    'fill apcu' => (function () use ($directory, $kind) {
        require_once __DIR__ . '/values.php';
        foreach ((include "$directory/names-of-apcu.php")[$kind] as $n => $name) {
            apcu_store($name, value_of($kind, $n)) || throw new Exception('APCu is full');
        }
        return [];
    })(),
    'include' => (function () use ($directory, $kind) {
        $files = (include "$directory/files.php")[$kind];
        $start = hrtime(true);
        foreach ($files as $file) {
            $v = include $file;
        }
        return each(hrtime(true) - $start, $v, $kind, 0);
    })(),
    'first' => (function () use ($directory) {
        $file = "$directory/int";
        $start = hrtime(true);
        $s = new Sync($file);
        $v = $s->name7;
        return ['ns' => hrtime(true) - $start];
    })(),
    'new' => (function () use ($directory) {
        $file = "$directory/int";
        $s = new Sync($file);
        $v = $s->name7;
        $start = hrtime(true);
        for ($i = 0; $i < 1_000; $i++) {
            $s = new Sync($file);
            $v = $s->name7;
        }
        return ['ns' => (hrtime(true) - $start) / 1_000];
    })(),
    // More names than the cache can hold.
    'fill beyond' => (function () use ($directory) {
        $all = new stdClass;
        for ($i = 0; $i < 60_000; $i++) {
            $all->{"name$i"} = "value of $i";
        }
        (new Sync("$directory/beyond"))->setData($all);
        return [];
    })(),
    'beyond' => (function () use ($directory) {
        $s = new Sync("$directory/beyond");
        $start = hrtime(true);
        for ($i = 0; $i < 60_000; $i++) {
            $v = $s->{"name$i"};
        }
        return ['ns' => (hrtime(true) - $start) / 60_000];
    })(),
    'churn' => (function () use ($directory, $salt) {
        require_once __DIR__ . '/values.php';
        mt_srand($salt);
        $s = new Sync("$directory/churn");
        $kinds = array_keys(KINDS);
        // Two thousand names that the cache can hold, and more than it can.
        foreach ([2_000, CROWD] as $names) {
            for ($i = 0; $i < 20; $i++) {
                $v = $s->{'name' . mt_rand(0, $names - 1)};
            }
            for ($i = 0; $i < 4; $i++) {
                // Long ones are rare, or nothing else would be measured.
                $kind = $kinds[mt_rand(0, 99) === 0 ? 4 : mt_rand(0, 3)];
                $s->{'name' . mt_rand(0, $names - 1)} = value_of($kind, $salt);
            }
            unset($s->{'name' . mt_rand(0, $names - 1)});
        }
        if ($salt % 50 === 0) {
            $other = new Sync("$directory/churn-$salt");
            $other->x = [$salt];
            $v = $other->x;
            $other->destroy();
        }
        return isset($_GET['look']) ? worker() : [];
    })(),
});
