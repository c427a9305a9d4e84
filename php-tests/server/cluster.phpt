--TEST--
Processes share a store on a cluster: they write, count, lock, push and consume
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$nodes = RedisServer::cluster();
$address = 'redis+cluster://' . implode(',', array_map(fn ($node) => "127.0.0.1:$node->port", $nodes)) . '?timeout=30';

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
foreach ($peers as $peer) {
    $peer->tell();
    echo $peer->hear(), ', ', $peer->end(), "\n";
}
// Any node leads to it, and the values are on one.
foreach ($nodes as $node) {
    echo (new Sync("redis+cluster://127.0.0.1:$node->port"))->n, "\n";
}
echo count(array_filter($nodes, fn ($node) => $node->ask('GET', '{sync}:v:n') === '400')), "\n";
try {
    new Sync("redis+cluster://127.0.0.1:{$nodes[0]->port}/1");
} catch (SyncException $e) {
    echo $e->getMessage(), "\n";
}
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
400
400
400
1
The address names a database of a cluster, which has only one: leave it out.
