--TEST--
Transactions, locks, queues and expiry work on a server
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
[$s, $t] = [new Sync($redis->address()), new Sync($redis->address())];
$s->a = 100;
$result = $s->transaction(function ($s) use ($t) {
    $s->a -= 30;
    $s->b = 30;
    return [$s->a, $t->a, isset($t->b)];
});
var_dump($result === [70, 100, false], $t->a, $t->b);
attempt(fn () => $s->transaction(function ($s) {
    $s->a = 0;
    unset($s->b);
    throw new RuntimeException('never mind');
}));
var_dump($t->a, $t->b);

$s->lock(0.05);
attempt(fn () => $t->a);
$s->a = 71;
$s->unlock();
var_dump($t->a);

$token = $s->tryLock('job');
var_dump($token > 0, $t->tryLock('job'));
$s->release('job');
$again = $t->tryLock('job');
var_dump($again > $token);
$t->release('job');

var_dump($s->push('queue', 'x', 'y', 'z'), $t->shift('queue'), $t->consume('queue', fn ($item) => "consumed $item"));
attempt(fn () => $t->consume('queue', fn ($item) => throw new RuntimeException($item)));
var_dump($s->queue, $s->shift('none', 0.01, 'nothing'));

var_dump(...within_a_life(function ($ttl) use ($s, $t) {
    $s->put('soon', 'gone', $ttl);
    return [$t->soon, $t->ttl('soon') <= $ttl, $t->add('soon', 'again')];
}));
while ($t->has('soon')) {
    usleep(1000);
}
var_dump($t->soon, $s->soon, isset($s->soon), $t->add('soon', 'again'), $s->soon);
var_dump($s->increment('hits', 5), $t->compareAndSet('hits', 5, 6), $s->pull('hits'), $t->remember('made', fn () => 'once'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(true)
int(70)
int(30)
RuntimeException: never mind
int(70)
int(30)
SyncLockTimeoutException: %s
int(71)
bool(true)
bool(false)
bool(true)
int(3)
string(1) "x"
bool(true)
RuntimeException: z
array(1) {
  [0]=>
  string(1) "z"
}
string(7) "nothing"
string(4) "gone"
bool(true)
bool(false)
NULL
NULL
bool(false)
bool(true)
string(5) "again"
int(5)
bool(true)
int(6)
string(4) "once"
