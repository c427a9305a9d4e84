--TEST--
The extension has the class and its exceptions, and no functions in the global namespace
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$extension = new ReflectionExtension('sync');
$names = array_keys($extension->getClasses());
$own = ['Sync', 'SyncException', 'SyncTimeoutException', 'SyncLockTimeoutException'];
var_dump(array_diff($own, $names));
// Other names that the extension declares must not be in the global namespace.
var_dump(array_filter(array_diff($names, $own), fn ($name) => !str_starts_with($name, 'Sync\\')));
var_dump($extension->getFunctions());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(0) {
}
array(0) {
}
array(0) {
}
