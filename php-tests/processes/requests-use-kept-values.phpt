--TEST--
Values that are kept from request to request are what the engine and its extensions take them for, whatever they do with them
--FILE--
<?php
require __DIR__ . '/../include/kept-values.inc';

make_kept_values();
$log = scratch_file('log');
use_kept_values(web_server(scratch_directory(), kept_values_settings(), $log));
look_into_log($log);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it is still there
and says nothing
