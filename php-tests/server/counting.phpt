--TEST--
Counters on a server count everything, and are what they would be in a stdClass where the sum is no integer
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

$redis = new RedisServer();
$s = new Sync($redis->address());
$s->n = 0;
$code = '$s = new Sync($argv[1]); $parent->tell(); $parent->hear();
    for ($i = 0; $i < 300; $i++) { $s->n++; $s->n -= 2; $s->increment("n", 3); ++$s->n; }
    $parent->tell();';
$peers = array_map(fn () => Peer::php($code, $redis->address()), range(1, 4));
array_map(fn ($peer) => $peer->hear(), $peers);
array_map(fn ($peer) => $peer->tell(), $peers);
array_map(fn ($peer) => $peer->hear(), $peers);
var_dump($s->n);
array_map(fn ($peer) => $peer->end(), $peers);

$each = function (object $o): string {
    $seen = [];
    foreach ([PHP_INT_MAX - 1, PHP_INT_MIN + 1, 1.5, '5', '5.5', 'az', null, true, 0] as $value) {
        foreach ([fn () => $o->n++, fn () => ++$o->n, fn () => $o->n--, fn () => $o->n += 1, fn () => $o->n -= PHP_INT_MIN, fn () => $o->n += 0.5,
            fn () => $o->n .= '1', fn () => $o->n += '3'] as $operation) {
            $o->n = $value;
            try {
                $seen[] = [@$operation(), $o->n, @$operation(), $o->n];
            } catch (TypeError $e) {
                $seen[] = $e->getMessage();
            }
        }
    }
    unset($o->n);
    $seen[] = [@$o->n++, $o->n];
    return serialize($seen);
};
var_dump($each($s) === $each(new stdClass));
// Alone, within a lock, and within a transaction.
$s->n = 1;
$s->lock();
$s->n++;
$s->unlock();
$s->transaction(fn ($s) => $s->n += $s->n++);
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(3600)
bool(true)
int(5)
