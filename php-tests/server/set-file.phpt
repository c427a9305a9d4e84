--TEST--
setFile() leads from a file to a server and back, and no value of one passes for the other's
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync(scratch_file('store'));
$s->x = 'in the file';
$s->list = [1];
for ($i = 0; $i < 3; $i++) {
    $s->setFile($redis->address());
    var_dump($s->x, isset($s->list), count($s));
    $s->x = "on the server, $i";
    $s->list[] = $i;
    $s->setFile(scratch_file('store'));
    var_dump($s->x, $s->list);
}
$copy = clone $s->setFile($redis->address());
var_dump($copy->x, $copy == $s);
echo json_encode($copy), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
int(0)
string(11) "in the file"
array(1) {
  [0]=>
  int(1)
}
string(16) "on the server, 0"
bool(true)
int(2)
string(11) "in the file"
array(1) {
  [0]=>
  int(1)
}
string(16) "on the server, 1"
bool(true)
int(2)
string(11) "in the file"
array(1) {
  [0]=>
  int(1)
}
string(16) "on the server, 2"
bool(true)
{"x":"on the server, 2","list":[0,1,2]}
