--TEST--
Arguments can be given by the names that the original gave them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(file: scratch());
var_dump($s->set(name: 'x', value: 1), $s->get(name: 'y', default: 2), $s->has(name: 'x'));
var_dump($s->lock(timeout: 1, interval: 5000)->unlock()->remove(name: 'x')->setFile(file: scratch())->setData(data: new stdClass) === $s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
bool(true)
bool(true)
