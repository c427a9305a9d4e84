--TEST--
A child that is forked within a transaction has no part in it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 'before';
$parent = getmypid();
[$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
try {
    $s->transaction(function ($s) use ($parent, &$pid, $ours, $theirs) {
        $s->x = 'within';
        $pid = pcntl_fork();
        if ($pid === 0) {
            echo "the child reads $s->x\n";
        } else {
            // Not before the child is through with its own.
            fgets($ours);
        }
    });
} catch (SyncException $e) {
    echo 'the child: ', str_contains($e->getMessage(), 'the parent') ? "its parent's\n" : $e->getMessage();
}
if ($pid === 0) {
    fwrite($theirs, "done\n");
    // Waits for the end of the parent's.
    $s->y = 'written by the child';
    exit;
}
pcntl_waitpid($pid, $status);
echo "$s->x\n$s->y\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
the child reads before
the child: its parent's
within
written by the child
