--TEST--
getData() of a store on a server that has not changed gives the same again, and what is done to the result stays there
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
[$s, $other] = [new Sync($redis->address()), new Sync($redis->address(options: '?timeout=9'))];
$s->setData((object) ['n' => 1, 'list' => [1, [2]], 'text' => str_repeat('x', 100)]);

[$one, $two] = [$s->getData(), $s->getData()];
var_dump($one == $two, $one === $two);
// Whatever is done to one of them.
$one->n = 'changed';
unset($one->text);
$one->list[1][] = 3;
$reference = &$two->n;
$reference = 'by reference';
foreach ($two as $name => &$value) {
    $value = $name;
}
unset($value);
$three = (array) $s->getData();
$three['more'] = 1;
echo json_encode([$one, $two, $s->getData()]), "\n";

// A change of its own, and of another program's.
$s->n++;
echo $s->getData()->n, "\n";
$other->n = 3;
while ($s->getData()->n !== 3);
unset($other->list);
while (property_exists($s->getData(), 'list'));
$s->transaction(function ($s) {
    $s->n = 'within';
    echo $s->getData()->n, ' ';
    $s->n = 4;
});
echo $s->getData()->n, "\n";

// Objects are new ones each time, and what expires is gone.
$s->object = new ArrayObject([1]);
var_dump($s->getData()->object == $s->getData()->object, $s->getData()->object === $s->getData()->object);
unset($s->object);
$s->put('short', 1, 0.05);
$s->getData();
while (property_exists($s->getData(), 'short'));
// Not for those whom a lock keeps out.
$other->lock(0.05);
do {
    try {
        $s->getData();
        $is_out = false;
    } catch (SyncException) {
        $is_out = true;
    }
} while (!$is_out);
$other->text = 'in the lock';
$other->unlock();
while ($s->getData()->text !== 'in the lock');
$s->setFile($redis->address(options: '?prefix=another'));
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
[{"n":"changed","list":[1,[2,3]]},{"n":"n","list":"list","text":"text"},{"n":1,"list":[1,[2]],"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]
2
within 4
bool(true)
bool(false)
array(0) {
}
