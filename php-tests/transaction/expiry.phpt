--TEST--
A value that expires within the transaction that stored it is missing for all that follows in it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->before = 1;
// (The way to a server and back takes its time.)
$soon = on_server() ? 0.05 : 0.002;
$s->transaction(function ($s) use ($soon) {
    foreach (['t', 'list', 'count', 'gone', 'before'] as $name) {
        $s->put($name, [1], $soon);
    }
    while ($s->ttl('before') !== null) {
        usleep(500);
    }
    var_dump($s->has('t'), $s->get('t'), isset($s->t), count($s), $s->describe('t'), $s->pull('t'), $s->touch('t', 9));
    echo json_encode($s), ' ', json_encode($s->keys()), ' ', json_encode($s->getMultiple(['t', 'before'])), "\n";
    var_dump($s->add('t', 2), $s->push('list', 3), $s->increment('count'), $s->compareAndSet('gone', null, 'new'));
    echo json_encode($s), "\n";
});
echo json_encode($s), ' ', count($s), ' ', json_encode($s->ttl('t')), "\n";
// One that was stored before, and expires between its reading and its change, or after it was read.
$gone = function (string $name) use ($s, &$is_late) {
    $is_late = $s->ttl($name) === null;
    while ($s->ttl($name) !== null) {
        usleep(500);
    }
};
class Overridden extends Sync
{
    public function __get($name) { return parent::__get($name); }
    public function __set($name, $value) { parent::__set($name, $value); }
}
foreach (['Sync', 'Overridden'] as $class) {
    foreach (['short', 'long' => str_repeat('x', 40_000), 'list' => range(1, 3000)] as $kind => $value) {
        $s = new $class(scratch());
        $changes = [
            'update' => fn () => $s->update('v', function ($v) use ($gone) { $gone('v'); return [$v]; }),
            'read' => fn () => [$s->v, $gone('v'), $s->v, isset($s->v), $s->has('v'), $s->pull('v')],
            '??=' => fn () => [$s->v, $gone('v'), $s->v ??= 'new'],
            'compareAndSet' => fn () => [$old = $s->v, $gone('v'), $s->compareAndSet('v', $old, 'new')],
            'push' => fn () => [$s->push('q', 0), $gone('q'), $s->push('q', 1)],
        ];
        foreach ($changes as $how => $change) {
            // Longer where it was gone before it was read.
            for ($ttl = $soon, $is_late = true; $is_late; $ttl *= 2) {
                $s->put('v', $value, $ttl);
                $s->put('q', [1], $ttl);
                $result = $s->transaction($change);
            }
            $expected = ['??=' => 'new'][$how] ?? null;
            if ($s->v !== $expected || $how === 'read' && array_slice($result, 2) !== [null, false, false, null] || $how === 'push' && $s->q !== [1]) {
                echo "$class, $kind, $how: ", substr(json_encode([$result, $s->v]), -100), "\n";
            }
        }
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
NULL
bool(false)
int(0)
NULL
NULL
bool(false)
{} [] {"t":null,"before":null}
bool(true)
int(1)
int(1)
bool(true)
{"t":2,"list":[3],"count":1,"gone":"new"}
{"t":2,"list":[3],"count":1,"gone":"new"} 4 null
