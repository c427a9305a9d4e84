--TEST--
The arrays that a program has written or read, and let go, leave it its memory, however much more they take than their bytes
--INI--
memory_limit=64M
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$kinds = [
    // Sixteen times their bytes; of 2 MiB, as the engine asks the system for them.
    'long lists' => [150, fn (int $i) => array_fill(0, 50_000, $i % 100)],
    // A hundred times their bytes.
    'lists of lists' => [3_000, fn (int $i) => array_fill(0, 200, [$i % 100])],
    'strings' => [300, fn (int $i) => str_repeat("$i", 100_000)],
];
foreach ($kinds as $kind => [$count, $make]) {
    $s = new Sync(scratch($kind));
    for ($i = 0; $i < $count; $i++) {
        $s->{"name$i"} = $make($i);
    }
    for ($round = 0; $round < 3; $round++) {
        for ($i = 0; $i < $count; $i++) {
            $s->{"name$i"} === $make($i) || print("$kind: another value\n");
        }
    }
    for ($i = 0; $i < $count; $i++) {
        is_array($s->{"name$i"}) && $s->{"name$i"}[] = 'more';
    }
    // There is room for as much as half of the limit.
    $mine = str_repeat('x', 32 << 20);
    echo "$kind: ", strlen($mine) >> 20, " MiB\n";
    unset($s, $mine);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
long lists: 32 MiB
lists of lists: 32 MiB
strings: 32 MiB
