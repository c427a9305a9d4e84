--TEST--
A forked child has a connection of its own, and its parent keeps the one that it has
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->n = 1;
$children = array_map(fn () => Peer::fork(function ($parent) use ($s) {
    for ($i = 0; $i < 200; $i++) {
        $s->n++;
    }
}), [1, 2, 3]);
for ($i = 0; $i < 200; $i++) {
    $s->n++;
}
foreach ($children as $child) {
    echo $child->end(), "\n";
}
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
int(801)
