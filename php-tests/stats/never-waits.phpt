--TEST--
stats() waits neither for a lock nor for a process that is stopped
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->x = 1;
    $s->lock();
    $s->tryLock('a');
    $parent->tell('locked');
    $parent->hear();
});
echo $holder->hear(), "\n";
$holder->kill(SIGSTOP);
$s = new Sync(scratch());
$waiter = Peer::fork(function () {
    (new Sync(scratch()))->tryLock('a', null);
});
while ($s->stats()['waiters'] < 1);
['keys' => $keys, 'locks' => $locks, 'processes' => $processes] = $s->stats();
var_dump($keys, array_column($locks, 'name'), array_unique(array_column($locks, 'pid')) === [$holder->pid()]);
$pids = array_column($processes, 'pid');
sort($pids);
// (A server tells of each process that is connected, a file of those that have written.)
$here = on_server() ? [getmypid()] : [];
$all = [$holder->pid(), $waiter->pid(), ...$here];
sort($all);
var_dump($pids === $all);
$waiter->kill()->end();
$holder->kill()->end();
var_dump($s->stats()['locks'], array_column($s->stats()['processes'], 'pid') === $here, $s->stats()['waiters'], $s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
locked
int(1)
array(2) {
  [0]=>
  NULL
  [1]=>
  string(1) "a"
}
bool(true)
bool(true)
array(0) {
}
bool(true)
int(0)
int(1)
