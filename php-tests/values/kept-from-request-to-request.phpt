--TEST--
A value is the same in each request, whether it was decoded for it or kept from an earlier one, and whatever it is that other programs wrote
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Everything that a program can tell of a value, also by changing a copy of it. */
scratch_page(<<<'PHP'
    <?php
    function told(mixed $value): string
    {
        $told = [serialize($value)];
        if (is_array($value)) {
            $copy = $value;
            try {
                $copy[] = 'appended';
            } catch (Error $e) {
                $told[] = $e->getMessage();
            }
            $told[] = array_key_last($copy);
            $first = array_key_first($value);
            unset($copy[$first]);
            $copy['another'] = [$first => $value];
            $told[] = serialize($copy);
            foreach ($value as $key => &$element) {
                is_array($element) ? $element['key'] = $key : $element = [$key];
            }
            unset($element);
            $told[] = serialize([$value, array_reverse($value), array_is_list($value), isset($copy[$first]), count($value, COUNT_RECURSIVE)]);
            ksort($value);
            $value += [7 => 'seven', '8' => 'eight', '' => 'empty'];
            $told[] = serialize($value);
        } elseif (is_string($value)) {
            $copy = $value;
            $copy .= 'more';
            $value !== '' && $value[0] = '!';
            $told[] = serialize([$copy, $value, [$value => 1], crc32($value)]);
        }
        return array_shift($told) . '|' . md5(implode('|', $told));
    }
    $s = new Sync(STORES . '/store');
    $all = [];
    foreach (json_decode(file_get_contents(__DIR__ . '/names')) as $name) {
        try {
            $all[$name] = told($s->$name);
        } catch (SyncException $e) {
            $all[$name] = $e->getMessage();
        }
    }
    echo serialize($all);
    PHP);

/** A random value without objects and references. */
function random_value(int $depth): mixed
{
    $string = fn () => [fn () => '', fn () => random_bytes(mt_rand(1, 40)), fn () => str_repeat('é', mt_rand(0, 200)), fn () => (string) mt_rand(-300, 300), fn () => 'word ' . mt_rand()][mt_rand(0, 4)]();
    switch ($depth > 0 ? mt_rand(0, 9) : mt_rand(0, 4)) {
        case 0: return [null, true, false, 0, '', [], 0.0, -0.0, PHP_INT_MAX, PHP_INT_MIN, INF, NAN][mt_rand(0, 11)];
        case 1: return mt_rand(-70_000, 70_000) * (1 << mt_rand(0, 40));
        case 2: return mt_rand() / 7;
        case 3: case 4: return $string();
    }
    $array = [];
    for ($i = [0, 1, 2, 7, 8, 9, 16, 17, 40][mt_rand(0, $depth > 2 ? 8 : 3)]; $i > 0; $i--) {
        $value = random_value($depth - 1);
        match (mt_rand(0, 9)) {
            0 => $array[mt_rand(-5, 300)] = $value,
            1 => $array[$string()] = $value,
            2 => $array[[PHP_INT_MAX, PHP_INT_MIN, -1, '-0', '01', '9223372036854775808'][mt_rand(0, 5)]] = $value,
            default => array_key_exists(PHP_INT_MAX, $array) ? null : $array[] = $value,
        };
    }
    return $array;
}

$nested = fn (int $levels) => array_reduce(range(1, $levels), fn ($inner, $level) => ["level $level" => $inner, 'list' => [$level]], []);
$values = ['deep' => $nested(12), 'too deep' => $nested(40), 'many' => range(1, 5_000), 'text' => str_repeat('text ', 20_000), 'table' => array_fill(0, 300, ['id' => 1, 'name' => 'x'])];
mt_srand($seed = (int) (getenv('SEED') ?: random_int(1, 1 << 30)));
for ($i = 0; $i < 300; $i++) {
    $values["v$i"] = random_value(3);
}
// Written by others: in forms in which PHP would not write them.
$foreign = [
    "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x91\xca\x3f\xc0\x00\x00", "\x92\xd0\x05\x05", "\x91\xa2\xff\xfe", "\x91\xc4\x01a",
    "\xdd\x00\x00\x00\x01\xdb\x00\x00\x00\x01a", "\x88\xa11\x01\xc0\x02\xc3\x03\xcb\x40\x04\x00\x00\x00\x00\x00\x00\x04\xa3-12\x05\xa201\x06\xc4\x0216\x07\xd0\x11\x08",
    "\x83\xa1a\x01\xa11\x02\xa1a\x03", "\x82\x01\x01\xa11\x02", "\x82\xa11\x01\x01\x02", "\x83\x05\xa1x\xa1a\x90\x03\x80", "\xde\x00\x02\x01\x01\x02\x02", "\xdf\x00\x00\x00\x02\xa1a\x91\x01\xa1b\x81\x01\x02",
    "\x81\x91\x01\x01", "\x81\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x01", "\x92\xd4\x2a\x00\x01", "\x92\x01\xc1", "\x92\xc7\x01\x01A\x80", "\x92\xd4\x05\x01\x05", "\x92\x01\x02\x03",
    "\xdd\x10\x00\x00\x01\x01", "\xdf\xff\xff\xff\xff\x01\x01", "\xdc\x00\x05\x01\x02", "\x92\xdb\x00\x01\x00\x00ab", "\x82\xa1a\x01", "\x81\xd3\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "\x81\xd3\x80\x00\x00\x00\x00\x00\x00\x00\x01",
    str_repeat("\x91", 14) . "\x01", str_repeat("\x91", 17) . "\x01", str_repeat("\x81\xa1k", 60) . "\xc0",
];
$fillers = [];
foreach ($foreign as $i => $bytes) {
    $fillers["f$i"] = str_repeat("\xfe", strlen($bytes) - 2);
}
$s = new Sync(scratch());
$s->setData((object) ($values + $fillers));
unset($s);
foreach ($foreign as $i => $bytes) {
    scratch_exchange('store', "f$i", "\xc4" . chr(strlen($bytes) - 2) . $fillers["f$i"], $bytes);
}
$names = array_keys($values + $fillers);
file_put_contents(scratch_file('names'), json_encode($names));

$log = scratch_file('log');
$server = web_server(scratch_directory(), ['-d', 'sync.cache_size=64M', '-d', 'memory_limit=512M', '-d', 'error_reporting=0', '-d', 'serialize_precision=17'], $log);
ini_set('serialize_precision', '17');
/** Says what differs, from the first byte on that does; of a few values. */
$differ = function (string $what, string $told, string $expected) use ($seed): void {
    static $said = 0;
    if (++$said <= 3) {
        $at = strspn($told ^ $expected, "\0");
        $from = fn (string $text) => addcslashes(substr($text, max(0, $at - 30), 150), "\0..\37\177..\377");
        echo "seed $seed, $what, byte $at: {$from($told)}\n  instead of {$from($expected)}\n";
    }
};
$first = null;
for ($request = 1; $request <= 5; $request++) {
    $all = unserialize($answer = $server('')) ?: exit("no answer: $answer");
    foreach ($values as $name => $value) {
        $expected = serialize(unserialize(serialize($value)));
        if (!str_starts_with($all[$name], $expected)) {
            $differ("request $request, $name", $all[$name], $expected);
        }
    }
    $first ??= $all;
    foreach ($all as $name => $told) {
        if ($told !== $first[$name]) {
            $differ("request $request, $name, unlike the first", $told, $first[$name]);
        }
    }
}
echo count(preg_grep('/^Can\'t read/', $first)), " of ", count($foreign), " are refused\n";
echo preg_match('/leak|assert|freeing|corrupt|panicked/i', file_get_contents($log)) ? file_get_contents($log) : "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
10 of 31 are refused
done
