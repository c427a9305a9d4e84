--TEST--
An element whose consumer's connection has ended is another's to do again: consume() says so, and shift() does not hand it out twice
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

final class Waits
{
    public static ?Closure $made = null;

    public function __construct(public int $number)
    {
    }

    public function __wakeup(): void
    {
        if (self::$made) {
            (self::$made)();
        }
    }
}

$redis = new RedisServer();
$s = new Sync($redis->address());
$end = function () use ($redis) {
    $redis->ask('client', 'kill', 'type', 'normal');
};
$other = Peer::fork(function (Peer $parent) use ($redis) {
    while ($parent->hear() === 'look') {
        $parent->tell((string) count((new Sync($redis->address()))->q));
    }
});
$look = function () use ($other) {
    $other->tell('look');
    return (int) $other->hear();
};

$s->q = ['a', 'b'];
foreach (['nobody looks' => fn () => 0, 'another looks' => $look, 'it reads the list' => fn () => count($s->q)] as $what => $then) {
    try {
        $returned = $s->consume('q', function () use ($end, $then) {
            $end();
            $then();
        });
        echo "$what: ", json_encode($returned);
    } catch (SyncException $e) {
        echo "$what: ", str_replace($redis->address(), 'ADDRESS', $e->getMessage());
    }
    echo ' ', json_encode($s->q), "\n";
}

// Objects are made before they are gone from the list.
$s->q = array_map(fn ($n) => new Waits($n), range(1, 4));
$times = 0;
Waits::$made = function () use ($end, $look, &$times) {
    if (++$times === 2) {
        Waits::$made = null;
        $end();
        $look();
    }
};
$got = [];
while ($one = $s->shift('q')) {
    $got[] = $one->number;
}
echo json_encode($got), "\n";
$other->tell('enough');
$other->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
nobody looks: true ["b"]
another looks: Can't finish consume() of property 'q' in 'ADDRESS?db=0': the connection to the server ended while its function ran, which counts as the end of this program, so that the element has gone back for anybody to take. Let what the function does be harmless when it is done twice. ["b"]
it reads the list: Can't finish consume() of property 'q' in 'ADDRESS?db=0': the connection to the server ended while its function ran, which counts as the end of this program, so that the element has gone back for anybody to take. Let what the function does be harmless when it is done twice. ["b"]
[1,2,3,4]
