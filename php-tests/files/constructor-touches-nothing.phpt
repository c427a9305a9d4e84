--TEST--
The constructor touches nothing, whatever the path
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$paths = [scratch(), scratch('missing/store'), '/', '/proc/self/mem', '/nonexistent/store'];
foreach ($paths as $path) {
    new Sync($path);
}
file_put_contents(scratch('text'), 'not a store');
$before = fileatime(scratch('text'));
new Sync(scratch('text'));
var_dump(file_exists(scratch()), file_get_contents(scratch('text')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
string(11) "not a store"
