--TEST--
?? gives the value where it is there and not null, else the right side
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->x ?? 'no file');
$s->x = 1;
$s->n = null;
var_dump($s->x ?? 'no', $s->n ?? 'null', $s->missing ?? 'missing');
$s->n ??= 'set';
$s->x ??= 'not set';
var_dump($s->n, $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(7) "no file"
int(1)
string(4) "null"
string(7) "missing"
string(3) "set"
int(1)
