--TEST--
Strings of any bytes and any length come back
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$strings = ["", "\0", "a", "\xff", "\xc3\xa9", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", implode('', array_map('chr', range(0, 255)))];
foreach ([2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 127, 128, 255, 256, 65535, 65536, 70000] as $length) {
    foreach (['a', "\xfe", 'é', '重'] as $character) {
        $strings[] = substr(str_repeat($character, $length), 0, $length);
    }
    // The one byte that is not ASCII may be anywhere.
    $strings[] = str_repeat('a', $length - 1) . "\xff";
    $strings[] = "\xff" . str_repeat('a', $length - 1);
    $strings[] = str_repeat('a', intdiv($length, 2)) . "\xff" . str_repeat('a', intdiv($length - 1, 2));
}
$s = new Sync(scratch());
$wrong = 0;
foreach ($strings as $string) {
    $s->x = $string;
    $s->keys = [$string => $string, [$string]];
    $t = new Sync(scratch());
    $wrong += $s->x !== $string || $t->x !== $string || $t->keys !== [$string => $string, [$string]];
}
var_dump(count($strings), $wrong);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(150)
int(0)
