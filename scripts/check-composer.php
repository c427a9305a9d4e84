<?php
// check-composer.php: composer.json is a package that PIE installs. Composer judges it (`composer validate --strict`) without its part
// for PIE, which Debian's Composer does not know yet; that part is looked at here, against what this tree does.

declare(strict_types=1);

chdir(dirname(__DIR__));
$package = json_decode(file_get_contents('composer.json'), true, flags: JSON_THROW_ON_ERROR);
$problems = [];

// Composer's part.
$extension = $package['php-ext'] ?? [];
$folder = sys_get_temp_dir() . '/sync-composer-' . getmypid();
mkdir($folder);
file_put_contents("$folder/composer.json", json_encode(array_diff_key($package, ['php-ext' => 0]), JSON_PRETTY_PRINT));
exec('COMPOSER_ALLOW_SUPERUSER=1 composer validate --strict --no-interaction --working-dir=' . escapeshellarg($folder) . ' 2>&1', $said, $status);
unlink("$folder/composer.json");
rmdir($folder);
if ($status !== 0) {
    $problems[] = 'composer validate --strict: ' . implode("\n", $said);
}

// PIE's part.
$known = [
    'extension-name' => fn ($name) => $name === 'sync' && str_contains(file_get_contents('config.m4'), "PHP_ARG_ENABLE([$name]"),
    'priority' => fn ($priority) => is_int($priority) && $priority === (int) (preg_match('/; priority=(\d+)/', file_get_contents('scripts/install.sh'), $found) ? $found[1] : -1),
    'support-nts' => is_bool(...),
    'support-zts' => is_bool(...),
    'configure-options' => fn ($options) => array_column($options, 'name') === ['enable-sync-tls']
        && str_contains(file_get_contents('config.m4'), 'PHP_ARG_ENABLE([sync-tls]'),
    'os-families' => fn ($families) => $families === ['linux'],
];
if (($package['type'] ?? null) !== 'php-ext') {
    $problems[] = 'type is not php-ext';
}
foreach ($known as $key => $holds) {
    if (!array_key_exists($key, $extension)) {
        $problems[] = "php-ext has no $key";
    } elseif (!$holds($extension[$key])) {
        $problems[] = "php-ext: $key does not fit this tree: " . json_encode($extension[$key]);
    }
}
foreach (array_diff_key($extension, $known) as $key => $_) {
    $problems[] = "php-ext: $key is not known to this check";
}

// One version of PHP in both places.
preg_match('/"sync needs PHP (\d+\.\d+) or newer"/', file_get_contents('build.rs'), $built)
    || throw new Exception('build.rs does not say which PHP it needs');
if ($package['require'] !== ['php' => ">=$built[1]"]) {
    $problems[] = "composer.json requires PHP {$package['require']['php']}, build.rs $built[1]";
}

foreach ($problems as $problem) {
    echo "$problem\n";
}
echo $problems ? '' : "composer.json: {$package['name']}, for PIE\n";
exit($problems ? 1 : 0);
