--TEST--
remember() stores what its function returned for a $ttl, counted from then on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$calls = 0;
$compute = function () use (&$calls) {
    usleep(20_000);
    return ++$calls;
};
var_dump($s->remember('a', $compute, 0.01), $s->remember('b', $compute, 1000), $s->remember('b', $compute, 1000), $s->ttl('b') > 900);
while ($s->ttl('a') !== null) {
    usleep(1000);
}
var_dump($s->remember('a', $compute), $s->ttl('a'), $s->remember('c', $compute, 0), $s->has('c'));
try {
    $s->remember('d', $compute, 'soon');
} catch (TypeError $e) {
    echo $e->getMessage(), "\n";
}
var_dump($calls);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(2)
int(2)
bool(true)
int(3)
NULL
int(4)
bool(false)
Sync::remember(): Argument #3 ($ttl) must be of type DateInterval|int|float|null, string given
int(4)
