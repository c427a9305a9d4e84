--TEST--
stats() shows how much is stored, by whom it is used, and who holds which lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = 1;
$s->b = str_repeat('x', 10_000);
$before = microtime(true);
$token = $s->tryLock('重庆');
$s->lock();
$stats = $s->stats();
$after = microtime(true);
foreach ($stats as $name => $value) {
    echo "$name: ", get_debug_type($value), "\n";
}
var_dump($stats['keys'], $stats['live_bytes'] > 10_000, $stats['commits'], $stats['compactions'], $stats['waiters'], $stats['consuming']);
var_dump($stats['file_bytes'] === (on_server() ? 0 : filesize(scratch())), $stats['memory_bytes'] >= $stats['live_bytes'], $stats['dead_bytes'] >= 0);
[$whole, $named] = $stats['locks'];
var_dump($whole['name'], $whole['pid'] === getmypid(), $whole['token'], $named['name'], $named['token'] === $token);
$in_time = fn ($since) => $since > $before - 1 && $since < $after + 1;
var_dump($in_time($whole['since']), $in_time($named['since']));
[['pid' => $pid, 'since' => $since]] = $stats['processes'];
var_dump($pid === getmypid(), $in_time($since), array_keys($stats['cache']));
for ($n = 0; $n < 3000; $n++) {
    $s->b = str_repeat('y', 1000 + $n);
}
var_dump($s->stats()['commits'], ($s->stats()['compactions'] > 0) !== on_server());
$s->unlock();
$s->list = range(1, 100);
$read = fn () => $s->get('list');
for ($n = 0; $n < 5; $n++) {
    $read();
}
$hits = $s->stats()['cache']['hits'];
$read();
var_dump($s->stats()['cache']['hits'] - $hits);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
keys: int
live_bytes: int
dead_bytes: int
file_bytes: int
memory_bytes: int
commits: int
compactions: int
processes: array
locks: array
waiters: int
consuming: array
cache: array
int(2)
bool(true)
int(2)
int(0)
int(0)
array(0) {
}
bool(true)
bool(true)
bool(true)
NULL
bool(true)
NULL
string(6) "重庆"
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
array(3) {
  [0]=>
  string(4) "hits"
  [1]=>
  string(6) "misses"
  [2]=>
  string(5) "bytes"
}
int(3002)
bool(true)
int(1)
