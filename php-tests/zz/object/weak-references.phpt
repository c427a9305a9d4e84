--TEST--
WeakMap, WeakReference and SplObjectStorage take a Sync
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$map = new WeakMap;
$map[$s] = 'meta';
$weak = WeakReference::create($s);
$storage = new SplObjectStorage;
$storage[$s] = 1;
var_dump(count($map), $weak->get() === $s, $storage[$s]);
unset($storage);
unset($s);
var_dump(count($map), $weak->get());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
int(1)
int(0)
NULL
