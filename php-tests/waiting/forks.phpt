--TEST--
A child that is forked while its parent waits, or after it has seen a value, waits for itself, and takes no change away from the parent
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = $s->y = 1;
// The child has seen what its parent had seen.
$s->x;
$child = Peer::fork(function (Peer $parent) use ($s) {
    $parent->hear();
    $parent->tell($s->wait("x", 0) ? "inherited: changed" : "inherited: -");
    $parent->tell($s->wait("x", 0) ? "told: changed" : "told: -");
});
$other = new Sync(scratch());
$other->x = 2;
$child->tell("go");
echo $child->hear(), "\n", $child->hear(), "\n", $child->end(), "\n";
echo "the parent: ", $s->wait("x", 0) ? "changed" : "-", "\n";

// A signal handler forks while its process waits; both go on.
$waiter = Peer::fork(function (Peer $parent) {
    pcntl_async_signals(true);
    $s = new Sync(scratch());
    $s->x;
    $child = null;
    pcntl_signal(SIGUSR1, function () use (&$child, $s, $parent) {
        $child = Peer::fork(function (Peer $parent) use ($s) {
            $parent->tell("waits, too");
            return $s->wait("x", PATIENCE) && $s->x === 3 ? 0 : 1;
        });
        $parent->tell($child->hear());
    });
    $parent->tell("waits");
    $changed = $s->wait("x", PATIENCE);
    return $changed && $s->x === 3 && $child->end() === "exit 0" ? 0 : 2;
});
echo $waiter->hear(), "\n";
posix_kill($waiter->pid(), SIGUSR1);
echo $waiter->hear(), "\n";
$s->y = 2;
$s->x = 3;
echo $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
inherited: changed
told: -
exit 0
the parent: changed
waits
waits, too
exit 0
