--TEST--
Properties of a store on a server are those of a file's: every type, in order, read by all objects
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$t = new Sync($redis->address());
var_dump(count($s), isset($s->x), $s->x, iterator_to_array($s));

$values = ['null' => null, 'yes' => true, 'int' => PHP_INT_MIN, 'float' => 1.5, 'nan' => NAN, 'empty' => '', 'bytes' => "\0\xff\r\n",
    'long' => str_repeat('long ', 50_000), 'list' => [1, [2, '3']], 'map' => ['a' => 1, 7 => 'b'], 'object' => (object) ['p' => [1]],
    'date' => new DateTimeImmutable('2026-01-02 03:04:05 UTC'), '0' => 'a number', "odd\n \xc3\xa9 name" => 'value'];
foreach ($values as $name => $value) {
    $s->{$name} = $value;
}
foreach ($values as $name => $value) {
    $same = is_float($value) && is_nan($value) ? is_nan($t->{$name}) : serialize($t->{$name}) === serialize($value);
    echo $same ? '' : "$name differs\n";
}
var_dump(array_keys(iterator_to_array($t)) == array_map(strval(...), array_keys($values)), count($t));
var_dump(isset($t->null), isset($t->yes), isset($t['int']), property_exists($t, 'null'));

unset($s->int, $s['float'], $s->none);
var_dump(isset($t->int), $t->float, count($t));
$s->int = 'at the end';
var_dump(array_key_last(iterator_to_array($t)));

$s->setData((object) ['b' => 1, 'a' => 2]);
var_dump($t->getData(), json_encode($t), $t == $s);
$t->destroy();
var_dump(count($s), $s->b);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
int(0)
bool(false)
NULL
array(0) {
}
bool(true)
int(14)
bool(false)
bool(true)
bool(true)
bool(true)
bool(false)
NULL
int(12)
string(3) "int"
object(stdClass)#%d (2) {
  ["b"]=>
  int(1)
  ["a"]=>
  int(2)
}
string(13) "{"b":1,"a":2}"
bool(true)
int(0)
NULL
