--TEST--
The locks and the item of a killed process are free, although a child that it forked and a program that it started live on
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->n = 1;
$s->push('jobs', 'first', 'second');
$holder = Peer::fork(function (Peer $parent) use ($redis) {
    $s = new Sync($redis->address());
    $s->tryLock('name');
    $s->consume('jobs', function ($job) use ($s, $parent) {
        $s->lock(0, 30_000_000);
        $grandchild = Peer::fork(function () use ($parent) {
            $parent->tell((string) getmypid());
            $parent->hear();
            $parent->tell('the grandchild lives');
        });
        $null = ['file', '/dev/null', 'r+'];
        $program = proc_open(['sleep', '600'], [$null, $null, $null], $pipes);
        $parent->tell((string) proc_get_status($program)['pid']);
        $grandchild->hear();
    });
});
$numbers = [(int) $holder->hear(), (int) $holder->hear()];
$holder->kill()->end();
var_dump($s->n);
var_dump($s->synchronized(fn () => 'has the name', 'name'));
$s->consume('jobs', function ($job) {
    var_dump($job);
});
var_dump($s->jobs, array_map(fn ($number) => posix_kill($number, 0), $numbers));
$holder->tell();
echo $holder->hear(), "\n";
array_map(fn ($number) => posix_kill($number, SIGKILL), $numbers);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
string(12) "has the name"
string(5) "first"
array(1) {
  [0]=>
  string(6) "second"
}
array(2) {
  [0]=>
  bool(true)
  [1]=>
  bool(true)
}
the grandchild lives
