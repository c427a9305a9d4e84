--TEST--
Stores on one server are told apart by their prefix and their database
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$stores = array_map(fn ($options) => new Sync($redis->address('', $options)), ['', '?prefix=app', '?prefix=a%20b', '?db=1', '?db=1&prefix=app&cache=0']);
foreach ($stores as $i => $s) {
    $s->x = $i;
}
foreach ($stores as $i => $s) {
    echo json_encode($s), ' ', shown($s->getFile()), "\n";
}
var_dump($stores[0] == new Sync($redis->address('', '?prefix=sync&db=0')), $stores[0] == $stores[1]);
$stores[1]->destroy();
echo json_encode($stores), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"x":0} unix://{dir}/redis.sock?db=0
{"x":1} unix://{dir}/redis.sock?db=0&prefix=app
{"x":2} unix://{dir}/redis.sock?db=0&prefix=a%20b
{"x":3} unix://{dir}/redis.sock?db=1
{"x":4} unix://{dir}/redis.sock?db=1&prefix=app&cache=0
bool(true)
bool(false)
[{"x":0},{},{"x":2},{"x":3},{"x":4}]
