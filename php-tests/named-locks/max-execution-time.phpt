--TEST--
Waiting for a lock of a name ends at max_execution_time
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->tryLock('a');
$waiter = Peer::php('$s = new Sync($argv[1]); set_time_limit(1); $s->tryLock("a", null);', scratch());
echo $waiter->end(), "\n";
$s->release('a');
var_dump(is_int($s->tryLock('a')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
%AFatal error: Maximum execution time of 1 second exceeded in Command line code on line 1
exit 255
bool(true)
