--TEST--
isset($s['x']) and unset($s['x']) do the same as for $s->x
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump(isset($s['x']));
unset($s['x']);
var_dump(scratch_exists());
$s['x'] = 0;
$s['null'] = null;
var_dump(isset($s['x']), isset($s['null']), empty($s['x']), $s['null'] ?? 'null', isset($s->x));
unset($s['x'], $s['missing']);
var_dump(isset($s['x']), isset($s->x));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
bool(true)
bool(false)
bool(true)
string(4) "null"
bool(true)
bool(false)
bool(false)
