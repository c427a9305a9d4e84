--TEST--
Processes that share a store on a server lose nothing of each other, and see what others have written
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->n = 0;
$code = '$s = new Sync($argv[1]); $parent->tell(serialize($s->n)); $parent->hear();
    for ($i = 0; $i < 500; $i++) { $s->n++; $s->list[] = $argv[2]; $s->map[$argv[2]] ??= 0; $s->map[$argv[2]]++; $s->push("q", $i); }
    $parent->tell("done"); $parent->hear(); $parent->tell($s->last);';
$peers = array_map(fn ($name) => Peer::php($code, $redis->address(), $name), ['one', 'two', 'three']);
foreach ($peers as $peer) {
    echo $peer->hear(), "\n";
}
foreach ($peers as $peer) {
    $peer->tell();
}
foreach ($peers as $peer) {
    echo $peer->hear(), "\n";
}
var_dump($s->n, array_count_values($s->list) == ['one' => 500, 'two' => 500, 'three' => 500], array_sum($s->map), count($s->q));
$s->last = 'seen by all';
foreach ($peers as $peer) {
    $peer->tell();
    echo $peer->hear(), ', ', $peer->end(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
i:0;
i:0;
i:0;
done
done
done
int(1500)
bool(true)
int(1500)
int(1500)
seen by all, exit 0
seen by all, exit 0
seen by all, exit 0
