--TEST--
A Sync is Countable, Traversable and JsonSerializable
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s instanceof Countable, $s instanceof Traversable, $s instanceof IteratorAggregate, $s instanceof JsonSerializable);
var_dump(count($s), json_encode($s), is_iterable($s), is_countable($s), scratch_exists());
$s->a = 1;
$s->null = null;
var_dump(count($s), json_encode($s), json_encode([$s]));
foreach ($s->getIterator() as $k => $v) {
    echo "$k ";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
int(0)
string(2) "{}"
bool(true)
bool(true)
bool(false)
int(2)
string(19) "{"a":1,"null":null}"
string(21) "[{"a":1,"null":null}]"
a null
