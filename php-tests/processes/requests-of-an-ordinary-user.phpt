--TEST--
A server whose process has become an ordinary user for good is asked once whether it may have other rights, one that may is asked in each request
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) die('skip needs root');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const REQUESTS = 50;
(new Sync(scratch()))->set('x', 1);
chmod(scratch(), 0666);
scratch_page('<?php echo (new Sync(STORES . "/store"))->x;');
chmod(scratch_file('index.php'), 0644);
// The sources, and the extension with them, may be where no other user comes to: in root's home, say. (/dev/shm may allow no programs.)
preg_match('~ (/.*/(?:lib)?sync\.so)$~m', file_get_contents('/proc/self/maps'), $loaded);
copy($loaded[1], $library = tempnam(sys_get_temp_dir(), 'sync'));
chmod($library, 0644);
register_shutdown_function(unlink(...), $library);
$users = [
    'root' => [],
    'an ordinary user' => ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'],
    'one who may go back' => ['--euid=65534', '--regid=65534', '--clear-groups'],
    'one with a capability' => ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+setgid', '--ambient-caps=+setgid'],
];
foreach ($users as $user => $options) {
    $log = scratch_file('strace');
    $server = web_server(scratch_directory(), ['-n', '-d', "extension=$library"], '/dev/null', ['strace', '-D', '-e', 'trace=capget,execve', '-o', $log, ...($options ? ['setpriv', ...$options] : [])]);
    $answers = [];
    for ($i = 0; $i < REQUESTS; $i++) {
        $answers[$server('')] = true;
    }
    // (setpriv asks, too, before PHP begins.)
    $lines = file($log);
    $begin = array_key_last(preg_grep('/^execve\(.* = 0$/', $lines));
    $asked = count(preg_grep('/capget\(/', array_slice($lines, $begin)));
    echo "$user: ", implode(' ', array_keys($answers)), ', asked ', $asked === 1 ? 'once' : ($asked >= REQUESTS ? 'each time' : "$asked times"), "\n";
    unlink($log);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
root: 1, asked each time
an ordinary user: 1, asked once
one who may go back: 1, asked each time
one with a capability: 1, asked each time
