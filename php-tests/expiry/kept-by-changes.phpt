--TEST--
Changes of a value keep its expiry, whatever they are and however often they happen
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Overriding extends Sync
{
    public function get($name, $default = null): mixed
    {
        return parent::get($name, $default);
    }
}

$sync = new Sync(scratch());
error_reporting(E_ALL & ~E_WARNING & ~E_DEPRECATED);
$one = 1;
$starts = ['list' => [1, 2, 3], 'map' => ['a' => 1, 'b' => ['c' => 1]], 'gaps' => [3 => 1, -1 => 2], 'references' => [&$one, 5, &$one],
    'objects' => [new ArrayObject([1]), (object) ['p' => 1]], 'null' => null, 'int' => 1, 'string' => 'x'];
$values = ['int' => 1, 'object' => (object) ['q' => 1], 'reference' => [&$one], 'long' => str_repeat('x', 500)];
$changes = [
    'push' => fn (Sync $s, mixed $value) => $s->push('v', $value),
    'shift' => fn (Sync $s) => $s->shift('v'),
    '[] =' => function (Sync $s, mixed $value) { $s->v[] = $value; },
    '[k] =' => function (Sync $s, mixed $value, int $n) { $s->v["k$n"] = $value; },
    '[0] =' => function (Sync $s, mixed $value) { $s->v[0] = $value; },
    '[k][] =' => function (Sync $s, mixed $value) { $s->v['more'][] = $value; },
    'unset' => function (Sync $s) { unset($s->v[0]); },
    'update' => fn (Sync $s, mixed $value) => $s->update('v', fn () => $value),
    'compareAndSet' => fn (Sync $s, mixed $value) => $s->compareAndSet('v', $s->v, $value),
    'increment' => fn (Sync $s) => $s->increment('v'),
    '.=' => function (Sync $s) { $s->v .= 'x'; },
];
$most = times(120);
$lost = $done = 0;
foreach (['an object' => $sync, 'a subclass' => new Overriding($sync->getFile())] as $who => $s) {
    foreach ($starts as $start => $first) {
        foreach ($values as $kind => $value) {
            foreach ($changes as $how => $change) {
                foreach ([false, true] as $inside) {
                    $s->put('v', $first, 1000);
                    for ($n = 0; $n < $most && $s->has('v'); $n++) {
                        try {
                            // (A value that this cannot be done to.)
                            $inside && $n === 0 ? $s->transaction(fn () => $change($s, $value, $n)) : $change($s, $value, $n);
                        } catch (Error | SyncException) {
                            break;
                        }
                        $done++;
                        if ($s->ttl('v') === null) {
                            $lost++;
                            echo "$who, $start, $how, $kind: lost by change $n\n";
                            break;
                        }
                    }
                }
            }
        }
    }
}
echo $lost, ' lost of ', $done > times(20_000) ? 'many' : $done, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0 lost of many
