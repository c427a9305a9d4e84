--TEST--
Nested writes go to any depth, and so do nested unsets and reads
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a['b']['c']['d']['e']['f'] = 1;
$s->a['b']['c']['d']['x'][] = 2;
$s->a['b']['c']['d']['x'][]['y'] = 3;
unset($s->a['b']['c']['d']['e']['f']);
echo json_encode($s->a), "\n";
var_dump($s->a['b']['c']['d']['x'][1]['y'], isset($s->a['b']['c']['d']['e']['f'], $s->a['b']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"b":{"c":{"d":{"e":[],"x":[2,{"y":3}]}}}}
int(3)
bool(false)
