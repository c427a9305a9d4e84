--TEST--
The first write creates the file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
var_dump(is_file(scratch()), filesize(scratch()) > 0);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
