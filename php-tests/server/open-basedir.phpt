--TEST--
open_basedir covers the socket of a server and the files of its encryption, in the constructor, in setFile() and in what is unserialized
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->x = 1;
mkdir(scratch_file('inside'));
ini_set('open_basedir', scratch_file('inside'));
$t = new Sync(scratch_file('inside/store'));
attempt(fn () => new Sync($redis->address()));
attempt(fn () => $t->setFile($redis->address(':secret')));
attempt(fn () => new Sync('unix://' . scratch_file('inside/../redis.sock')));
new Sync('unix://' . scratch_file('inside/redis.sock'));
foreach (['ca', 'cert', 'key'] as $file) {
    $files = array_fill_keys(['ca', 'cert', 'key'], scratch_file('inside/some.pem'));
    attempt(fn () => new Sync('rediss://localhost?' . urldecode(http_build_query([$file => scratch_file('some.pem')] + $files))));
}
new Sync('rediss://localhost?ca=' . scratch_file('inside/some.pem'));
// (No path of this machine.)
new Sync('redis://localhost');
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't use 'unix://{dir}/redis.sock?db=0': open_basedir restriction in effect.
SyncException: Can't use 'unix://:***@{dir}/redis.sock?db=0': open_basedir restriction in effect.
SyncException: Can't use 'unix://{dir}/inside/../redis.sock?db=0': open_basedir restriction in effect.
SyncException: Can't use 'rediss://localhost:6379/0?ca={dir}/some.pem&cert={dir}/inside/some.pem&key={dir}/inside/some.pem': open_basedir restriction in effect.
SyncException: Can't use 'rediss://localhost:6379/0?ca={dir}/inside/some.pem&cert={dir}/some.pem&key={dir}/inside/some.pem': open_basedir restriction in effect.
SyncException: Can't use 'rediss://localhost:6379/0?ca={dir}/inside/some.pem&cert={dir}/inside/some.pem&key={dir}/some.pem': open_basedir restriction in effect.
int(1)
