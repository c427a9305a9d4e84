--TEST--
shift() does what array_shift() does, with arrays of every kind, among any other changes by any process
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = [new Sync(scratch()), new Sync(scratch()), new Sync(scratch())];
$seed = random_int(0, PHP_INT_MAX);
mt_srand($seed);
$object = new ArrayObject([1]);
$values = [1, 'text', [1, [2]], null, 1.5, $object, (object) ['o' => $object]];
for ($round = 0; $round < 150; $round++) {
    $o = new stdClass;
    $o->a = [];
    $s[0]->a = [];
    $log = [];
    for ($i = 0; $i < 40; $i++) {
        $who = $s[mt_rand(0, 2)];
        $n = mt_rand(0, 6);
        $log[] = [$what = mt_rand(0, 15), $n];
        $value = $values[mt_rand(0, 6)];
        foreach ([$who, $o] as $each) {
            match ($what) {
                0 => $each->a = array_fill(0, $n, $value),
                1 => $each->a = [$n => $value, 'k' => 1, -1 => 2],
                2 => $each->a = [$object, $value, $object],
                3 => $each->a[$n] = $value,
                4 => $each->a["k$n"] = $value,
                5 => (function () use ($each, $n) { unset($each->a[$n]); })(),
                default => null,
            };
        }
        if ($what >= 6 && $what <= 9) {
            $who->push('a', $value, $n);
            array_push($o->a, $value, $n);
        } elseif ($what >= 10) {
            $found = $who->shift('a', 0, 'none');
            $expected = $o->a === [] ? 'none' : array_shift($o->a);
            if (serialize($found) !== serialize($expected)) {
                die("seed $seed: shifted " . json_encode([$found, $expected, $log]));
            }
        }
        $found = $s[mt_rand(0, 2)]->a;
        if ($what === 5 && array_keys($found) === array_keys($o->a)) {
            // (Other than the array in this program's memory, a stored one counts on from its highest key.)
            $o->a = unserialize(serialize($o->a));
        }
        if (serialize($found) !== serialize(unserialize(serialize($o->a))) && $found != $o->a) {
            die("seed $seed: " . json_encode([$found, $o->a, $log]));
        }
    }
}
echo 'done';
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
