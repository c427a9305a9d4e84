<?php
/*
 * php -n test-ini.php SYNC_SO: prints the php.ini that the tests run under.
 *
 * It loads the sync.so that was just built, and the extensions that this PHP would have loaded by
 * its own configuration, so that their classes are there to be stored; but not a sync that is
 * installed, nor any settings.
 */

$own = shell_exec(escapeshellarg(PHP_BINARY) . ' -r ' . escapeshellarg(
    'echo implode("\n", [php_ini_loaded_file(), ...explode(",", (string) php_ini_scanned_files())]);'
) . ' 2>/dev/null');

$load = [];
foreach (array_filter(array_map('trim', explode("\n", (string) $own))) as $file) {
    foreach (file($file) ?: [] as $line) {
        // Debuggers and profilers replace the hooks that are under test here.
        if (preg_match('~^\s*((?:zend_)?extension)\s*=\s*"?(?:\S*/)?(\w+?)(?:\.so)?"?\s*$~', $line, $part)
            && !in_array($part[2], ['sync', 'xdebug', 'pcov'])) {
            $load[$part[2]] = $part[1];
        }
    }
}

// A PHP that was built by hand has no configuration, but may have an opcache.
$directory = trim(shell_exec(escapeshellarg(getenv('PHP_CONFIG')) . ' --extension-dir'));
if (is_file("$directory/opcache.so")) {
    $load['opcache'] = 'zend_extension';
}

echo "extension_dir=$directory\n";
foreach ($load as $name => $kind) {
    echo "$kind=$name\n";
}
echo "extension=$argv[1]\n";
