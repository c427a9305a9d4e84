--TEST--
A child that is forked in the function of remember() stores nothing: the value is the parent's
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$parent = getmypid();
$child = 0;
try {
    $value = $s->remember('x', function () use (&$child) {
        $child = pcntl_fork();
        if ($child) {
            pcntl_waitpid($child, $status);
        }
        return $child ? 'of the parent' : 'of the child';
    });
} catch (SyncException $e) {
    $s->message = $e->getMessage();
}
if (getmypid() !== $parent) {
    posix_kill(getmypid(), SIGKILL);
}
var_dump($value, $s->x, $s->message);
// One that ends in there, as it should, disturbs nothing.
var_dump($s->remember('y', function () {
    Peer::fork(fn () => exit(0))->end();
    return 'of the parent';
}), $s->y);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(13) "of the parent"
string(13) "of the parent"
string(144) "Can't remember property 'x': this process was forked inside of the function that computes it. The value is the parent's; end the child in there."
string(13) "of the parent"
string(13) "of the parent"
