--TEST--
A value that names a server is refused, in a store and in unserialize(): the program alone says where to connect
--INI--
sync.servers=
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->x = 1;
$file = new Sync(scratch_file('store'));
$file->inner = $s;
$file->plain = 2;
$s->self = $s;
$text = serialize($s);
var_dump(ini_get('sync.servers'), ini_set('sync.servers', $redis->socket), ini_get('sync.servers'));
attempt(fn () => unserialize($text));
attempt(fn () => (new Sync(scratch_file('store')))->inner);
attempt(fn () => (new Sync(scratch_file('store')))->getData());
attempt(fn () => (new Sync($redis->address()))->self);
var_dump($file->plain, $s->x);
// A file that a value names is as it was.
$s->file = $file;
var_dump((new Sync($redis->address()))->file->plain);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(0) ""
bool(false)
string(0) ""
SyncException: A value names the store 'unix://{dir}/redis.sock?db=0', and sync.servers does not allow that: whoever writes values would choose the servers that are connected to. Name it in the program, by new Sync(), or add its host to that setting in php.ini.
SyncException: A value names the store 'unix://{dir}/redis.sock?db=0', and sync.servers does not allow that: whoever writes values would choose the servers that are connected to. Name it in the program, by new Sync(), or add its host to that setting in php.ini.
SyncException: A value names the store 'unix://{dir}/redis.sock?db=0', and sync.servers does not allow that: whoever writes values would choose the servers that are connected to. Name it in the program, by new Sync(), or add its host to that setting in php.ini.
SyncException: A value names the store 'unix://{dir}/redis.sock?db=0', and sync.servers does not allow that: whoever writes values would choose the servers that are connected to. Name it in the program, by new Sync(), or add its host to that setting in php.ini.
int(2)
int(1)
int(2)
