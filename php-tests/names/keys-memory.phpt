--TEST--
keys() of names for which memory_limit leaves no room is an exception, also where they would fit once but not twice
--INI--
memory_limit=64M
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($i = 0; $i < 6; $i++) {
    $s->{str_repeat((string) $i, 8_000_000)} = $i;
}
for ($i = 0; $i < 20; $i++) {
    $s->{str_repeat(chr(97 + $i), 1_100_000)} = $i;
}
for ($atOnce = 26, $after = null, $found = $refused = 0; $found < 26;) {
    try {
        $names = $s->keys('', $after, $atOnce);
        $found += count($names);
        $after = end($names);
    } catch (SyncException $e) {
        $refused++;
        $atOnce = intdiv($atOnce, 2);
        echo preg_replace(['~ \'.*?\'~', '~\d+~'], [' FILE', 'N'], $e->getMessage()), "\n";
    }
    unset($names);
}
var_dump($found, $refused > 1);
?>
--EXPECT--
Can't read FILE: it takes N bytes, more than memory_limit leaves.
Can't read FILE: it takes N bytes, more than memory_limit leaves.
Can't read FILE: it takes N bytes, more than memory_limit leaves.
int(26)
bool(true)
