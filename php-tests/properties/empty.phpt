--TEST--
empty() looks at the value, as for any property
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->zero = 0;
$s->one = 1;
$s->list = [];
var_dump(empty($s->zero), empty($s->one), empty($s->list), empty($s->missing));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
bool(true)
bool(true)
