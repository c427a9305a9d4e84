<?php
/*
 * Hello world, second half: … and another program, started at any time, reads it.
 */

$sync = new Sync(getenv('SYNC_FILE') ?: '/dev/shm/hello.sync');

if (isset($sync->words)) {
    echo 'Process ', getmypid(), " hears what process $sync->speaker said: $sync->words\n";
} else {
    echo "Nobody has said anything. Try: php examples/hello/say.php\n";
}
