--TEST--
sync.servers lists hosts and sockets that values may name; a password comes from the program alone
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer('--requirepass', 'sesame');
$s = new Sync($redis->address(':sesame'));
$s->x = 1;
$s->self = $s;
$text = serialize($s);
var_dump(str_contains($text, ':***@'));
$other = serialize(new Sync('unix:///run/other.sock'));
$run = function (string $servers, string $code) {
    $command = [...php_command(), '-d', "sync.servers=$servers", '-r', $code];
    echo shown(shell_exec(implode(' ', array_map('escapeshellarg', $command)))), "\n";
};
$try = fn (string $code) => 'try { ' . $code . ' } catch (SyncException $e) { echo strstr($e->getMessage(), ",", true); }';
$text = var_export($text, true);
$named = 'new Sync(' . var_export($redis->address(':sesame', '?prefix=x'), true) . '); ';
$run($redis->socket, $try("$named echo unserialize($text)->x, unserialize($text)->self->x;"));
$run($redis->socket, $try("echo unserialize($text)->x;"));
$run("localhost, $redis->socket, [::1]:7000", $try("unserialize(" . var_export($other, true) . ');'));
$run('other.example', $try("$named unserialize($text);"));

// By host and port, of which all have to be on the list.
$values = array_map(fn ($address) => serialize(new Sync($address)), ['redis://cache', 'rediss://CACHE:6379/2?prefix=a', 'redis://cache:7000',
    'redis+sentinel://cache:26379,b:1/m/0', 'redis+cluster://cache,b:1', 'redis+cluster://cache,c:1', 'redis://[::1]']);
$run('Cache, cache:26379 ,b:1,[::1]', 'foreach (' . var_export($values, true) . ' as $v) { ' . $try('unserialize($v); echo "allowed";') . ' echo "\n"; }');
// A list with something else than hosts and sockets is not taken, and nothing is allowed then.
foreach (['redis://cache', 'cache/0', 'user:sesame@cache', 'cache:x', '/run/'] as $servers) {
    $run($servers, 'var_dump(ini_get("sync.servers"));');
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
11
The password of 'unix://:***@{dir}/redis.sock?db=0' is not known: *** stands for one that was hidden
A value names the store 'unix:///run/other.sock?db=0'
A value names the store 'unix://:***@{dir}/redis.sock?db=0'
allowed
allowed
A value names the store 'redis://cache:7000/0'
allowed
allowed
A value names the store 'redis+cluster://cache:6379
allowed

string(0) ""

string(0) ""

string(0) ""

string(0) ""

string(0) ""
