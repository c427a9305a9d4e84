--TEST--
SyncException is a RuntimeException, SyncTimeoutException a SyncException, SyncLockTimeoutException one of these
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

var_dump(get_parent_class('SyncException'), get_parent_class('SyncTimeoutException'), get_parent_class('SyncLockTimeoutException'));
var_dump((new ReflectionClass('SyncException'))->isFinal(), (new ReflectionClass('SyncException'))->isInterface());
try {
    throw new SyncException('own message', 7, new Exception('before'));
} catch (Exception $e) {
    var_dump($e->getMessage(), $e->getCode(), $e->getPrevious()->getMessage());
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(16) "RuntimeException"
string(13) "SyncException"
string(20) "SyncTimeoutException"
bool(false)
bool(false)
string(11) "own message"
int(7)
string(6) "before"
