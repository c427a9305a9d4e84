--TEST--
A list that the engine keeps as a hash, as one that has had another key, is read after elements were taken off it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$hash = function (int $length): array {
    $list = range(1, $length);
    $list['gone'] = 0;
    unset($list['gone']);
    return $list;
};
$ways = [
    'assigned' => fn () => [$s->q = [0], $s->q = $hash(4)],
    'a key unset' => function () use ($s) {
        $s->q = [1, 2, 3, 4];
        $s->q['b'] = 1;
        unset($s->q['b']);
    },
    'sorted' => fn () => [$s->q = [3 => 4, 2 => 3, 1 => 2, 0 => 1], $s->update('q', function ($q) {
        ksort($q);
        return $q;
    })],
    'unserialized' => fn () => $s->q = unserialize('a:4:{i:0;i:1;i:1;i:2;i:2;i:3;i:3;i:4;}'),
];
$takes = [
    'shift' => fn (Sync $s) => $s->shift('q'),
    'consume' => fn (Sync $s) => $s->consume('q', fn ($element) => $element),
    'twice, with a push between' => fn (Sync $s) => [$s->shift('q'), $s->push('q', 5), $s->shift('q')],
];
$uses = [
    'read' => fn () => $s->q,
    'append' => fn () => [$s->q[] = 'new', $s->q],
    'isset' => fn () => [isset($s->q[0]), isset($s->q[3]), $s->q],
    'unset' => function () use ($s) {
        unset($s->q[0]);
        return $s->q;
    },
    'update' => fn () => $s->update('q', fn ($q) => [...$q, 'updated']),
];
foreach ($ways as $way => $make) {
    foreach ($takes as $how => $take) {
        foreach ([$s, $other] as $taker) {
            foreach ($uses as $use => $do) {
                $make();
                // (So that the object has a copy of its own.)
                $before = $s->q;
                $take($taker);
                $result = $do();
                $fresh = (new Sync(scratch()))->q;
                if ($before !== [1, 2, 3, 4] || $s->q !== $fresh || array_slice($fresh, 0, 1) === [1]) {
                    echo "$way, $how, $use: ", json_encode([$before, $result, $fresh]), "\n";
                }
            }
        }
    }
}
$s->q = [0];
$s->q = $hash(3);
$s->shift('q');
$s->push('q', 4);
echo json_encode($s->q), ' ', json_encode(array_is_list($s->q)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[2,3,4] true
