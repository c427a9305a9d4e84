--TEST--
A wait counts for max_execution_time, though it uses no CPU time
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$start = hrtime(true);
$waiter = Peer::php("\$s = new Sync(\$argv[1]); set_time_limit(1); \$s->wait(\"x\");", scratch());
echo $waiter->end(), "\n";
$took = (hrtime(true) - $start) / 1e9;
echo $took >= 1 && $took < 15 ? "in time" : "after $took s", "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
%AFatal error: Maximum execution time of 1 second exceeded in Command line code on line 1
exit 255
in time
