--TEST--
A forked child has no lock, no named lock, no item and no transaction of its parent's, and ends none of them
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->n = 1;
$s->push('jobs', 'first', 'second');

echo "- locks\n";
$s->tryLock('name');
$s->lock(0.1);
echo Peer::fork(function () use ($s) {
    attempt(fn () => $s->n);
    $s->unlock();
    $s->release('name');
    attempt(fn () => $s->n = 2);
    var_dump($s->tryLock('name'));
})->end(), "\n";
$other = new Sync($redis->address());
attempt(fn () => $other->n);
var_dump($other->tryLock('name'));
$s->n = 3;
$s->unlock();
$s->release('name');
var_dump($other->n, is_int($other->tryLock('name')));
$other->release('name');

echo "- a child that does nothing\n";
$s->lock(0.1);
echo Peer::fork(fn () => 0)->end(), "\n";
attempt(fn () => $other->n);
$s->unlock();

echo "- an item\n";
$s->consume('jobs', function ($job) use ($s) {
    echo Peer::fork(function () use ($s) {
        $s->consume('jobs', fn ($other) => print "the child's: $other\n");
        exit(0);
    })->end(), "\n";
    echo json_encode($s->jobs), ' ', count($s->stats()['consuming']), "\n";
});
echo json_encode($s->jobs), ' ', count($s->stats()['consuming']), "\n";

echo "- a transaction\n";
$parent = getmypid();
try {
    $s->transaction(function ($s) use (&$child) {
        $s->n = 4;
        $child = pcntl_fork();
        if ($child > 0) {
            pcntl_waitpid($child, $status);
        }
    });
} catch (SyncException $e) {
    echo getmypid() === $parent ? "the parent's: " : "the child's: ", explode('. ', $e->getMessage())[0], ".\n";
}
if (getmypid() !== $parent) {
    exit;
}
var_dump($s->n, $other->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
- locks
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on 'unix://{dir}/redis.sock?db=0' is held by process %d.
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on 'unix://{dir}/redis.sock?db=0' is held by process %d.
bool(false)
exit 0
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on 'unix://{dir}/redis.sock?db=0' is held by another object of this same process.
bool(false)
int(3)
bool(true)
- a child that does nothing
exit 0
SyncLockTimeoutException: Can't access shared object, it is still locked after 0.1 second(s). The lock on 'unix://{dir}/redis.sock?db=0' is held by another object of this same process.
- an item
the child's: second
exit 0
[] 1
[] 0
- a transaction
the child's: The transaction is that of the parent of this process, which was forked within it.
int(4)
int(4)
