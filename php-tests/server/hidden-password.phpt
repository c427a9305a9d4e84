--TEST--
*** in an address stands for the password by which this request has named the server
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer('--requirepass', 'sesame');
attempt(fn () => new Sync($redis->address(':***')));
$s = new Sync($redis->address(':sesame'));
$s->x = 1;
$t = new Sync($s->getFile());
var_dump($t->x, (new Sync($redis->address(':***', '?prefix=other')))->x, (clone $t)->x);
attempt(fn () => new Sync($redis->address('somebody:***')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: The password of 'unix://:***@{dir}/redis.sock?db=0' is not known: *** stands for one that was hidden, and the program has named none for this server in this request. Write the password itself.
int(1)
NULL
int(1)
SyncException: The password of 'unix://somebody:***@{dir}/redis.sock?db=0' is not known: *** stands for one that was hidden, and the program has named none for this server in this request. Write the password itself.
