--TEST--
push() knows the length after any other changes of the array, by any process
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

// In the second store `[] =` does what push() does in the first one.
$s = [new Sync(scratch()), new Sync(scratch()), new Sync(scratch())];
$t = [new Sync(scratch('twin')), new Sync(scratch('twin')), new Sync(scratch('twin'))];
$seed = random_int(0, PHP_INT_MAX);
mt_srand($seed);
for ($round = 0; $round < 200; $round++) {
    $log = [];
    unset($s[0]->a, $t[0]->a);
    for ($i = 0; $i < 30; $i++) {
        $who = mt_rand(0, 2);
        $n = mt_rand(0, 6);
        $log[] = [$who, $what = mt_rand(0, 12), $n];
        foreach ([$s[$who], $t[$who]] as $each) {
            match ($what) {
                0 => $each->a = range(0, $n),
                1 => $each->a = [$n => 'x', 'k' => 1],
                2 => $each->a[] = $n,
                3 => $each->a[$n] = $i,
                4 => $each->a["k$n"] = $i,
                5 => $each->a["deep$n"][] = $i,
                6, 7, 8, 9 => null,
                default => (function () use ($each, $n) { unset($each->a[$n]); })(),
            };
        }
        if ($what >= 6 && $what <= 9) {
            $values = range(0, $n % 3);
            foreach ($values as $value) {
                $t[$who]->a[] = $value;
            }
            $length = $s[$who]->push('a', ...$values);
            if ($length !== count($t[0]->a)) {
                die("seed $seed: length $length, not " . count($t[0]->a) . ' after ' . json_encode($log));
            }
        }
        $at = mt_rand(0, 2);
        if ($s[$at]->a !== $t[$at]->a) {
            die("seed $seed: " . json_encode([$s[0]->a, $t[0]->a]) . ' after ' . json_encode($log));
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
