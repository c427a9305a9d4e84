--TEST--
Signal handlers run during a wait; one may use the object, throw, exit, or fork
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$wait = fn (Closure $handler) => Peer::fork(function (Peer $parent) use ($handler) {
    pcntl_async_signals(true);
    $s = new Sync(scratch());
    pcntl_signal(SIGUSR1, fn () => $handler($s, $parent));
    $s->x;
    try {
        $parent->tell("waits");
        $parent->tell($s->wait("x", PATIENCE) ? "changed" : "in vain");
    } catch (Exception $e) {
        $parent->tell(get_class($e) . ": " . $e->getMessage());
    }
});
$waiter = $wait(function (Sync $s, Peer $parent) { $s->y = 1; $parent->tell("y is $s->y"); });
$waiter->hear();
for ($i = 0; $i < 3; $i++) {
    echo $waiter->kill(SIGUSR1)->hear(), "\n";
}
$s->x = 2;
echo $waiter->hear(), " ", $waiter->end(), "\n";
$waiter = $wait(fn () => throw new Exception("by the handler"));
$waiter->hear();
echo $waiter->kill(SIGUSR1)->hear(), " ", $waiter->end(), "\n";
$waiter = $wait(fn () => exit(7));
$waiter->hear();
echo $waiter->kill(SIGUSR1)->end(), "\n";
$waiter = $wait(fn () => pcntl_fork());
$waiter->hear();
$waiter->kill(SIGUSR1);
// Both parts of it see the change.
$s->x = 3;
echo $waiter->hear(), " ", $waiter->hear(), " ", $waiter->end(), "\n";
$waiter = $wait(fn (Sync $s, Peer $parent) => $s->lock());
$waiter->hear();
echo strtok($waiter->kill(SIGUSR1)->hear(), ","), " ", $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
y is 1
y is 1
y is 1
changed exit 0
Exception: by the handler exit 0
exit 7
changed changed exit 0
SyncException: Can't wait for a change of '%s': this process keeps all others from writing to it exit 0
