--TEST--
$s['x'] reads and writes the same value as $s->x
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s['x'], scratch_exists());
var_dump($s['x'] = 5);
var_dump($s['x'], $s->x, $s[0]);
$s[0] = 'zero';
var_dump($s->{0}, $s['0']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
bool(false)
int(5)
int(5)
int(5)
NULL
string(4) "zero"
string(4) "zero"
