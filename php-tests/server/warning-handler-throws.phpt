--TEST--
A change whose error handler makes an exception of a warning about the server is not done; one that finds the server started anew is done and gives its result, or is not done
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$warnings = 0;
set_error_handler(function ($level) use (&$warnings) {
    return error_reporting() & $level ? throw new ErrorException(++$warnings) : false;
});
$redis = new RedisServer('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
$s = new Sync($redis->address());
attempt(fn () => $s->push('queue', 'a'));
var_dump($s->push('queue', 'b'), $s->shift('queue'));
foreach ([
    'push' => fn () => $s->push('queue', 'c'),
    'increment' => fn () => $s->increment('n'),
    'tryLock' => fn () => is_int($s->tryLock()) && $s->release() === $s,
    'transaction' => fn () => $s->transaction(fn ($s) => $s->t = 1),
] as $what => $do) {
    $redis->start();
    $warnings = 0;
    try {
        $result = $do();
    } catch (ErrorException) {
        $result = $do();
    }
    try {
        $s->other = [1];
    } catch (ErrorException) {
    }
    echo $what, ': ', json_encode($result), ", warnings: $warnings\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
ErrorException: 1
int(1)
string(1) "b"
push: 1, warnings: 1
increment: 1, warnings: 1
tryLock: true, warnings: 1
transaction: 1, warnings: 1
