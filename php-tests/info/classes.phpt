--TEST--
The extension has the class and its exceptions, and no functions in the global namespace
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$extension = new ReflectionExtension('sync');
$names = array_keys($extension->getClasses());
var_dump(array_values(array_intersect(['Sync', 'SyncException', 'SyncLockTimeoutException'], $names)));
foreach (array_diff($names, ['Sync', 'SyncException', 'SyncLockTimeoutException']) as $name) {
    // Whatever else it may have is its own business, and out of the way.
    var_dump(str_starts_with($name, 'Sync\\'));
}
var_dump($extension->getFunctions());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTREGEX--
array\(3\) \{
  \[0\]=>
  string\(4\) "Sync"
  \[1\]=>
  string\(13\) "SyncException"
  \[2\]=>
  string\(24\) "SyncLockTimeoutException"
\}
(bool\(true\)
)*array\(0\) \{
\}
