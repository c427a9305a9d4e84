--TEST--
A server without HELLO, as behind a proxy, is refused with the versions that will do
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer('--rename-command', 'HELLO', '');
$s = new Sync($redis->address());
attempt(fn () => $s->x = 1);
$t = new Sync($redis->address(':secret'));
attempt(fn () => $t->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't connect to 'unix://{dir}/redis.sock?db=0': the server does not know HELLO 3: use Redis 6.2 or newer, or Valkey, without a proxy.
SyncException: Can't connect to 'unix://:***@{dir}/redis.sock?db=0': the server does not know HELLO 3: use Redis 6.2 or newer, or Valkey, without a proxy.
