--TEST--
No read of any kind shows an intermediate state of another process between lock() and unlock()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = 500;
$s->b = 500;
$writers = [];
for ($i = 0; $i < 2; $i++) {
    $writers[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        $sections = 0;
        do {
            for ($n = 0; $n < times(50); $n++, $sections++) {
                $s->lock();
                $s->a -= 5;
                $s->extra = true;
                $s->b += 5;
                unset($s->extra);
                $s->unlock();
                // Other processes read meanwhile.
                for ($m = 0; $m < 200; $m++);
            }
        } while (!isset($s->stop));
        $parent->tell($sections);
    });
}
foreach ($writers as $writer) {
    $writer->hear();
}
$views = [
    'getData' => fn () => (array) $s->getData(),
    'foreach' => function () use ($s) {
        foreach ($s as $name => $value) {
            $all[$name] = $value;
        }
        return $all;
    },
    '(array)' => fn () => (array) $s,
    'get_object_vars' => fn () => get_object_vars($s),
    'json_encode' => fn () => json_decode(json_encode($s), true),
    'iterator_to_array' => fn () => iterator_to_array($s),
    'print_r' => fn () => preg_match_all('/\[(\w+)\] => (-?\d+)/', print_r($s, true), $found) ? array_combine($found[1], $found[2]) : [],
];
$torn = [];
for ($round = 0; $round < times(3000); $round++) {
    foreach ($views as $view => $read) {
        $all = $read();
        if (array_keys($all) !== ['a', 'b'] || $all['a'] + $all['b'] !== 1000) {
            @$torn[$view]++;
        }
    }
    if (count($s) !== 2) {
        @$torn['count']++;
    }
    if (isset($s->extra)) {
        @$torn['isset']++;
    }
}
$s->stop = true;
$sections = 0;
foreach ($writers as $writer) {
    $sections += $writer->hear();
    $writer->end();
}
unset($s->stop);
print_r($torn);
var_dump($s->a === 500 - 5 * $sections, $s->b === 500 + 5 * $sections);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Array
(
)
bool(true)
bool(true)
