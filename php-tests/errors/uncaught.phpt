--TEST--
An uncaught SyncException ends the script like any other exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

Peer::php('register_shutdown_function(fn () => print("shut down\n")); $s = new Sync($argv[1]); $s->x = 1;', scratch_unreachable())->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
%AFatal error: Uncaught SyncException: %s in Command line code:1
Stack trace:
#0 {main}
  thrown in Command line code on line 1
shut down
