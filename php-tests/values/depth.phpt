--TEST--
A value nested deeper than unserialize_max_depth is an exception in both directions, whatever the stack
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

function nested(int $depth, Closure $wrap): mixed
{
    $value = 1;
    while ($depth-- > 0) {
        $value = $wrap($value);
    }
    return $value;
}
function depth(mixed $value): int
{
    for ($depth = 0; !is_int($value); $depth++) {
        $value = is_array($value) ? $value[0] ?? $value['k'] : $value->v;
    }
    return $depth;
}
$kinds = ['list' => fn ($v) => [$v], 'map' => fn ($v) => ['k' => $v], 'object' => fn ($v) => (object) ['v' => $v]];
$bytes = ['list' => "\x91", 'map' => "\x81\xa1k", 'object' => "\x92\xc7\x00\x01\x81\xa1v", 'first of two' => "\x92"];
$s = new Sync(scratch());
foreach ([3, 100, 4096] as $limit) {
    ini_set('unserialize_max_depth', $limit);
    foreach ($kinds as $kind => $wrap) {
        $s->x = nested($limit, $wrap);
        $depth = depth((new Sync(scratch()))->x);
        $write = outcome(fn () => $s->x = nested($limit + 1, $wrap));
        $read = outcome(fn () => forged(str_repeat($bytes[$kind], $limit + 1) . "\x01\x01"));
        echo "$kind: $depth\n", $write === $read ? $write : "$write\n$read", "\n";
    }
}
ini_set('unserialize_max_depth', 4096);
// PHP's debug builds cannot free deeper values.
$deep = PHP_DEBUG ? 20000 : 100000;
echo outcome(fn () => $s->x = nested($deep, $kinds['list'])), "\n";
echo outcome(fn () => $s->x = nested(20000, $kinds['object'])), "\n";
foreach ($bytes as $marker) {
    echo outcome(fn () => forged(str_repeat($marker, 100000) . "\x01\x01")), "\n";
}
// Without this limit the stack is the limit: an exception, not a crash.
ini_set('unserialize_max_depth', 0);
$x = nested(5000, $kinds['list']);
$s->x = $x;
var_dump(depth((new Sync(scratch()))->x));
foreach ($bytes as $kind => $marker) {
    echo preg_replace('/\d+/', 'N', outcome(fn () => forged(str_repeat($marker, 1000000) . "\x01\x01"))), "\n";
}
$fiber = new Fiber(function () use ($bytes) {
    echo preg_replace('/\d+/', 'N', outcome(fn () => forged(str_repeat($bytes['object'], 1000000) . "\x01\x01"))), "\n";
});
$fiber->start();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
list: 3
SyncException: Maximum depth of 3 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
map: 3
SyncException: Maximum depth of 3 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
object: 3
SyncException: Maximum depth of 3 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
list: 100
SyncException: Maximum depth of 100 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
map: 100
SyncException: Maximum depth of 100 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
object: 100
SyncException: Maximum depth of 100 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
list: 4096
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
map: 4096
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
object: 4096
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
SyncException: Maximum depth of 4096 exceeded. The depth limit can be changed using the unserialize_max_depth ini setting.
int(5000)
SyncException: A value is nested N levels deep, more than the stack that is left can bear.
SyncException: A value is nested N levels deep, more than the stack that is left can bear.
SyncException: A value is nested N levels deep, more than the stack that is left can bear.
SyncException: A value is nested N levels deep, more than the stack that is left can bear.
SyncException: A value is nested N levels deep, more than the stack that is left can bear.
