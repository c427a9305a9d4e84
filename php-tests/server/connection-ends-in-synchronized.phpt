--TEST--
A lock that ends with its connection while synchronized() runs: it says so at its end, unless the function has thrown, or given the lock back itself
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->x = 1;
$end = fn () => $redis->ask('client', 'kill', 'type', 'normal');
$functions = [
    'nothing happens' => fn () => 'done',
    'the connection ends' => $end,
    'it ends, and the object is used' => function () use ($s, $end) {
        $end();
        return $s->x;
    },
    'the lock is taken once more' => function ($name) use ($s, $end) {
        $end();
        $s->synchronized(fn () => 1, $name);
    },
    'the lock has gone at the server' => function ($name) use ($redis) {
        $name === null ? $redis->ask('del', '{sync}:hold', '{sync}:lock') : $redis->ask('hdel', '{sync}:locks', "0$name");
    },
    'it goes on after a refused change' => function () use ($s, $end) {
        $end();
        try {
            $s->x = 2;
        } catch (SyncException) {
        }
        $s->x = 3;
    },
    'it ends, and the function throws' => function () use ($end) {
        $end();
        throw new LogicException('the exception of the function');
    },
    'the function gives it back before' => function ($name) use ($s, $end) {
        $s->release($name);
        $end();
        return 'done';
    },
];
foreach (['job', null] as $name) {
    foreach ($functions as $what => $function) {
        try {
            $s->synchronized(fn () => $function($name), $name);
            echo "$what: done";
        } catch (Exception $e) {
            echo "$what: ", str_replace($redis->address(), 'ADDRESS', $e->getMessage());
        }
        echo "\n";
        // It is nobody's now.
        $s->release($name);
        var_dump($s->tryLock($name) > 0);
        $s->release($name);
    }
}
// Nor does the lock that is taken once more pass for the one that has gone.
$token = $s->tryLock('job');
var_dump($s->tryLock('job') === $token);
$redis->ask('hdel', '{sync}:locks', '0job');
var_dump($s->tryLock('job') > $token);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
nothing happens: done
bool(true)
the connection ends: Can't finish synchronized() of the lock 'job' on 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it ends, and the object is used: Can't finish synchronized() of the lock 'job' on 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
the lock is taken once more: Can't finish synchronized() of the lock 'job' on 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
the lock has gone at the server: Can't finish synchronized() of the lock 'job' on 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it goes on after a refused change: Can't finish synchronized() of the lock 'job' on 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it ends, and the function throws: the exception of the function
bool(true)
the function gives it back before: done
bool(true)
nothing happens: done
bool(true)
the connection ends: Can't finish synchronized() of 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it ends, and the object is used: Can't finish synchronized() of 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
the lock is taken once more: The lock on 'ADDRESS?db=0' is lost: the connection ended, which counts as the end of its holder (lock(), or a statement in several steps). Nothing was changed; do it again, and read anew what was read under the lost one.
bool(true)
the lock has gone at the server: Can't finish synchronized() of 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it goes on after a refused change: Can't finish synchronized() of 'ADDRESS?db=0': the lock ended while its function ran, as it does with the connection to the server, so that others may have had it since. Let what the function changes be compared, or in a transaction.
bool(true)
it ends, and the function throws: the exception of the function
bool(true)
the function gives it back before: done
bool(true)
bool(true)
bool(true)
