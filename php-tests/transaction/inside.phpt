--TEST--
Within a transaction an object shows what it will be, by every way of access, and others show what was
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

// One after the other: each step on an object in a transaction and on one outside, which have to show the same.
$steps = [
    fn ($s) => $s->new = 1,
    fn ($s) => $s->old = 'changed',
    function ($s) { unset($s->gone); },
    fn ($s) => $s->n++,
    fn ($s) => ++$s->n,
    fn ($s) => $s->n += 2.5,
    fn ($s) => $s->text .= ' and more',
    fn ($s) => $s->list[] = 'four',
    fn ($s) => $s->list[] = ['five'],
    fn ($s) => $s->list[5][] = 'six',
    fn ($s) => $s->map['a']['b'] = 1,
    fn ($s) => $s->map['a']['b']++,
    function ($s) { unset($s->map['x']); },
    fn ($s) => $s->object->property = 7,
    fn ($s) => $s[] = 'numbered',
    fn ($s) => $s['offset'] = null,
    fn ($s) => $s->long = str_repeat('long', 50_000),
    fn ($s) => $s->long .= '.',
    fn ($s) => $s->many = range(1, 5000),
    fn ($s) => $s->many[] = 5001,
    fn ($s) => $s->many[10]++,
    fn ($s) => $s->increment('n', 3),
    fn ($s) => $s->compareAndSet('old', 'changed', 'swapped'),
    fn ($s) => $s->compareAndSet('old', 'changed', 'not again'),
    fn ($s) => $s->pull('text'),
    fn ($s) => $s->update('n', fn ($n) => $n * 2),
    fn ($s) => $s->push('list', 'seven', 'eight'),
    fn ($s) => $s->push('fresh', 1, 2),
    fn ($s) => $s->fresh[] = 3,
    fn ($s) => $s->set('gone', 'again'),
    fn ($s) => $s->setMultiple(['m1' => 1, 'm2' => [2], 'old' => 'multiple']),
    fn ($s) => $s->removeMultiple(['m1', 'nobody']),
    fn ($s) => $s->clear('m'),
    fn ($s) => $s->map = ['k' => new ArrayObject([1, 2])],
    fn ($s) => $s->setData((object) ['one' => 1, 'list' => [1]]),
    fn ($s) => $s->list[] = 2,
    fn ($s) => $s->two = 2,
    fn ($s) => $s[] = 'zero',
    fn ($s) => $s->clear(),
    fn ($s) => $s->last = [1, 2, 3],
    fn ($s) => $s->last[] = 4,
];
function fill(Sync $s): Sync
{
    foreach (['old' => 1, 'gone' => 2, 'n' => 5, 'text' => 'text', 'list' => [1, 2, 3], 'map' => ['x' => 1],
        'object' => (object) ['property' => 1], '7' => 'seven'] as $name => $value) {
        $s->$name = $value;
    }
    $s->list[] = 'patched';
    return $s;
}
function look(Sync $s): array
{
    $names = ['old', 'gone', 'n', 'text', 'list', 'map', 'long', 'many', 'fresh', 'm1', '0', '7', '8', 'last', 'nobody'];
    $facts = [];
    foreach ($names as $name) {
        $facts[] = [isset($s->$name), $s->get($name, 'default'), isset($s[$name]), property_exists($s, $name), $s->has($name)];
        $facts[] = array_diff_key($s->describe($name) ?? [], ['pieces' => 1, 'bytes' => 1]);
    }
    $loop = [];
    foreach ($s as $name => $value) {
        $loop[] = [$name, $value];
    }
    $pages = [];
    for ($after = null; $page = $s->keys('', $after, 3); $after = end($page)) {
        $pages[] = $page;
    }
    return [$facts, $loop, $pages, $s->keys('m'), count($s), json_encode(clone $s->getData()), (array) $s->getData(),
        $s->getMultiple(['n', 'list', 'nobody', 'old'], 'none'), isset($s->map['x']), $s->list[1] ?? null];
}

$plain = fill(new Sync(scratch('plain')));
$inside = fill(new Sync(scratch('inside')));
$other = new Sync(scratch('inside'));
$before = serialize(look($other));
$twin = function (Sync $s) use ($steps, $plain, $other, $before) {
    foreach ($steps as $n => $step) {
        $step($plain);
        $step($s);
        $expected = serialize(look($plain));
        // Twice: the second time much is known.
        foreach ([1, 2] as $time) {
            if (serialize(look($s)) !== $expected) {
                echo "step $n, time $time: not the same\n", json_encode(look($s)), "\n", json_encode(look($plain)), "\n";
            }
        }
        if (serialize(look($other)) !== $before) {
            echo "step $n: another object sees it\n";
        }
    }
    return 'ok';
};
echo $inside->transaction($twin), "\n";
$expected = serialize(look($plain));
foreach ([$inside, $other, new Sync(scratch('inside'))] as $n => $object) {
    if (serialize(look($object)) !== $expected) {
        echo "afterwards, object $n: not the same\n";
    }
}
// Each step by itself.
foreach ($steps as $n => $step) {
    $plain->destroy();
    $inside->destroy();
    fill($plain);
    fill($inside);
    // (Some warn of what an earlier step would have put there.)
    @$step($plain);
    @$inside->transaction($step);
    foreach ([$inside, $other] as $object) {
        if (serialize(look($object)) !== serialize(look($plain))) {
            echo "only step $n: not the same\n";
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
ok
