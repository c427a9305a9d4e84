--TEST--
The extension is loaded under the name sync and has a version
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

var_dump(extension_loaded('sync'), preg_match('/^\d+\.\d+\.\d+/', phpversion('sync')), (new ReflectionExtension('sync'))->getName());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(1)
string(4) "sync"
