--TEST--
A transaction whose connection has ended is done if nobody else has written meanwhile; a lock ends with its connection in any case: nothing is changed then, and the exception says what to do
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->a = 1;
$other = Peer::fork(function (Peer $parent) use ($redis) {
    while ($parent->hear() === 'write') {
        $its ??= new Sync($redis->address());
        $its->b = 1;
        $parent->tell('done');
    }
});
$isNeeded = false;
$end = function () use ($redis, $other, &$isNeeded) {
    $redis->ask('client', 'kill', 'type', 'normal');
    if ($isNeeded) {
        $other->tell('write');
        $other->hear();
    }
};
$try = function (string $what, Closure $do) use ($redis, $s) {
    try {
        $do();
        echo "$what: no exception\n";
    } catch (SyncException $e) {
        echo "$what: ", str_replace($redis->address(), 'ADDRESS', $e->getMessage()), "\n";
    }
    echo json_encode($s->a), "\n";
};
foreach ([false, true] as $isNeeded) {
    $try('transaction', fn () => $s->transaction(function () use ($s, $end) {
        $s->a++;
        $end();
        $s->a++;
    }));
    $try('lock', function () use ($s, $end) {
        $s->lock();
        $end();
        try {
            $s->a++;
        } finally {
            $s->unlock();
        }
    });
}
$try('afterwards', fn () => $s->a++);
$other->tell('enough');
$other->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
transaction: no exception
3
lock: The lock on 'ADDRESS?db=0' is lost: the connection ended, which counts as the end of its holder (lock(), or a statement in several steps). Nothing was changed; do it again, and read anew what was read under the lost one.
3
transaction: The connection to 'ADDRESS?db=0' ended during a transaction, or the store was destroyed: it has changed nothing. Begin it anew.
3
lock: The lock on 'ADDRESS?db=0' is lost: the connection ended, which counts as the end of its holder (lock(), or a statement in several steps). Nothing was changed; do it again, and read anew what was read under the lost one.
3
afterwards: no exception
4
