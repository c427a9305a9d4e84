--TEST--
The object that holds the lock reads and writes as before
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->before = 1;
$s->lock();
$s->x = 2;
$s['y'] = 3;
unset($s->before);
var_dump($s->x, $s->get('y'), isset($s->before), count((array) $s->getData()));
$s->setData((object) ['z' => 4]);
$s->unlock();
var_dump((array) $s->getData());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(2)
int(3)
bool(false)
int(2)
array(1) {
  ["z"]=>
  int(4)
}
