--TEST--
A constructor touches nothing; a server that is not there is an exception, and is found when it comes back
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$s = new Sync('unix://' . scratch_file('redis.sock'));
attempt(fn () => $s->x);
attempt(fn () => $s->x = 1);
$redis = new RedisServer();
var_dump($s->x);
$s->x = 1;
var_dump($s->x);
$redis->kill();
attempt(fn () => $s->x);
$redis->start();
var_dump($s->x);
$s->x = 2;
var_dump((new Sync($redis->address()))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: %s
SyncException: %s
NULL
int(1)
SyncException: %s
NULL
int(2)
