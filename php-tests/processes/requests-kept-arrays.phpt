--TEST--
Arrays that outlive a request are as those that were decoded for it: their order, keys and next number, and what becomes of copies that are changed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    /** All that can be seen of a value, and of copies of it that are changed in each way. */
    function seen(mixed $value): string
    {
        $seen = [serialize($value)];
        if (is_array($value)) {
            foreach (array_keys($value) as $key) {
                $seen[] = [$key, isset($value[$key]), array_key_exists($key, $value), serialize($value[$key])];
            }
            $copy = $value;
            $copy[] = 'next';
            $seen[] = serialize($copy);
            $copy = $value;
            $copy['another'] = 1;
            foreach (array_keys($value) as $key) {
                $copy[$key] = [$copy[$key]];
            }
            for ($i = 0; $i < 70; $i++) {
                $copy["more $i"] = $i;
            }
            $seen[] = serialize($copy);
            $copy = $value;
            foreach ($copy as &$element) {
                $element = gettype($element);
            }
            unset($element);
            ksort($copy);
            $seen[] = serialize($copy);
            while ($copy) {
                array_shift($copy);
            }
            $copy = $value;
            unset($copy[array_key_first($copy)]);
            $seen[] = serialize([$copy, array_merge($copy, $value), $value + $copy, array_flip(array_keys($value))]);
            $seen[] = serialize($value);
        }
        return json_encode($seen, JSON_THROW_ON_ERROR | JSON_PARTIAL_OUTPUT_ON_ERROR);
    }
    $s = new Sync(STORES . '/store');
    $seen = [];
    foreach (explode(',', $_GET['names']) as $name) {
        $seen[$name] = seen($s->$name);
    }
    echo json_encode($seen);
    PHP);
$long = str_repeat('k', 100);
$values = [
    'list' => [1, 'two', 3.5, null, true, false, ''],
    'one' => ['x'],
    'pair' => ['a', 'b'],
    'nine' => range(1, 9),
    'hundred' => range(1, 100),
    'map' => ['name' => 'n', 'id' => 5, 'empty' => [], 'list' => [[1], [2, ['deep' => ['deeper' => 1]]]]],
    'same_keys' => ['name' => 'm', 'id' => 6, 'empty' => '', 'list' => []],
    'again' => ['name' => 'o', 'id' => 7, 'list' => ['name' => 'inner', 'id' => 8]],
    'numbers' => [5 => 'five', 2 => 'two', 100 => 'hundred'],
    'negative' => [-5 => 'five', 3 => 'three'],
    'below' => [-5 => 'five', -3 => 'three'],
    'highest' => [PHP_INT_MAX - 1 => 'nearly'],
    'like_numbers' => ['01' => 1, '1' => 2, '-0' => 3, ' 2' => 4, '9223372036854775808' => 5],
    'bytes' => ["\0\xff" => "\xfe\0", '' => 'no key', $long => $long, "$long." => 1],
    'ints' => [PHP_INT_MIN, PHP_INT_MAX, -1, -129, 255, 65536, 1 << 40],
    'floats' => [0.1, -0.0, 1e300, INF],
    'colliding' => ['Ez' => 1, 'FY' => 2, 'EzEz' => 3, 'FYFY' => 4, 'EzFY' => 5, 'FYEz' => 6, 0 => 7, 8 => 8, 16 => 9],
    'deep' => array_reduce(range(1, 15), fn ($inner) => ['in' => $inner], 'end'),
    'deeper' => array_reduce(range(1, 30), fn ($inner) => [$inner], 'end'),
    'many' => array_combine(array_map(fn ($i) => "key$i", range(1, 500)), range(1, 500)),
    'text' => 'some text',
    'letter' => 'x',
];
$s = new Sync(scratch());
foreach ($values as $name => $value) {
    $s->$name = $value;
}
// One that is followed by changes.
$patched = ['a' => 1, 'b' => 2];
$s->patched = $patched;
$s->patched['a'] = ['changed'];
$s->patched['c'] = 3;
$names = [...array_keys($values), 'patched'];
$server = web_server(scratch_directory());
$first = $server('names=' . implode(',', $names));
echo count(json_decode($first, true)), ' of ', count($names), " values\n";
for ($request = 2; $request <= 5; $request++) {
    // In another order each time.
    shuffle($names);
    $again = json_decode($server('names=' . implode(',', $names)), true);
    foreach (json_decode($first, true) as $name => $seen) {
        if ($again[$name] !== $seen) {
            foreach (array_map(null, json_decode($seen), json_decode($again[$name])) as [$was, $is]) {
                echo $was === $is ? '' : "request $request, $name: " . json_encode([$was, $is]) . "\n";
            }
        }
    }
}
foreach ($values as $name => $value) {
    echo json_decode(json_decode($first, true)[$name], true)[0] === serialize($value) || $name === 'bytes' ? '' : "$name differs\n";
}
?>
done
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
23 of 23 values
done
