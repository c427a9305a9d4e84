--TEST--
A signal handler that runs during a wait may use other Sync objects
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->lock(0, 30_000_000);
$log = new Sync(scratch_file('log'));
$waiter = Peer::fork(function (Peer $parent) {
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function () use ($parent) {
        $log = new Sync(scratch_file('log'));
        $log->count = ($log->count ?? 0) + 1;
        $parent->tell('handled');
    });
    $s = new Sync(scratch());
    $parent->tell('about to write');
    $s->x = ['value'];
    $parent->tell('written');
});
$waiter->hear();
$waiter->kill(SIGUSR1);
$waiter->hear();
$waiter->kill(SIGUSR1);
$waiter->hear();
$s->unlock();
echo $waiter->hear(), "\n", $waiter->end(), "\n";
var_dump($log->count, $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
written
exit 0
int(2)
array(1) {
  [0]=>
  string(5) "value"
}
