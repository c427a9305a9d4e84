--TEST--
Processes share a store whose server sentinels name: they write, count, lock, push and consume, also after a fail-over
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$master = RedisServer::atPort('--repl-diskless-sync-delay', '0');
$replica = RedisServer::atPort('--repl-diskless-sync-delay', '0', '--replicaof', "127.0.0.1 $master->port");
$replica->waits(fn () => str_contains($replica->ask('INFO', 'replication'), 'master_link_status:up'));
$sentinel = RedisServer::sentinel($master);
$sentinel->ask('SENTINEL', 'DEBUG', 'INFO-PERIOD', '200');
$address = "redis+sentinel://127.0.0.1:$sentinel->port/main/0?timeout=30";

$s = new Sync($address);
$s->n = 0;
$s->push('jobs', ...range(1, 100));
$code = '$s = new Sync($argv[1]); $parent->tell("ready"); $parent->hear(); $done = [];
    for ($i = 0; $i < 200; $i++) { $s->n++; $s->list[] = $i; }
    while ($s->consume("jobs", function ($job) use (&$done) { $done[] = $job; })) { }
    $s->lock(); $s->sum = ($s->sum ?? 0) + array_sum($done); $s->jobs_done = ($s->jobs_done ?? 0) + count($done); $s->unlock();
    $parent->tell("done"); $parent->hear(); $parent->tell((string) $s->word);';
$peers = [Peer::php($code, $address), Peer::php($code, $address)];
foreach ($peers as $peer) {
    echo $peer->hear(), "\n";
}
foreach ($peers as $peer) {
    $peer->tell();
}
foreach ($peers as $peer) {
    echo $peer->hear(), "\n";
}
var_dump($s->n, count($s->list), $s->sum, $s->jobs_done, count($s->jobs));
$s->word = 'heard by both';
$replica->waits(fn () => (new Sync("redis://127.0.0.1:$replica->port"))->word === 'heard by both');
// The replica takes over; the processes find it.
$sentinel->waits(fn () => $sentinel->ask('SENTINEL', 'FAILOVER', 'main') === 'OK');
$sentinel->waits(fn () => str_contains($sentinel->ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main'), (string) $replica->port));
foreach ($peers as $peer) {
    $peer->tell();
    echo $peer->hear(), ', ', $peer->end(), "\n";
}
$replica->waits(fn () => str_contains($master->ask('INFO', 'replication'), 'role:slave'));
try {
    $s->n++;
} catch (SyncException $e) {
    echo $e->getMessage(), "\n";
}
var_dump($s->n, (new Sync("redis://127.0.0.1:$replica->port"))->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
ready
ready
done
done
int(400)
int(400)
int(5050)
int(100)
int(0)
heard by both, exit 0
heard by both, exit 0
int(401)
int(401)
