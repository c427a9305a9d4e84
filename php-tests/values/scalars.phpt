--TEST--
null, bools, ints and floats come back bit by bit
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$values = [null, false, true];
foreach ([0, 1, 31, 32, 33, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, PHP_INT_MAX] as $int) {
    array_push($values, $int, -$int, -$int - 1);
}
array_push($values, 0.0, -0.0, 1.5, 0.1 + 0.2, 1e300, 5e-324, INF, -INF, (float) PHP_INT_MAX);
$s = new Sync(scratch());
$wrong = 0;
foreach ($values as $value) {
    $s->x = $value;
    $s->{'in an array'} = [$value, 'k' => $value];
    $again = new Sync(scratch());
    foreach ([$s, $again] as $reader) {
        foreach ([$reader->x, $reader->{'in an array'}[0], $reader->{'in an array'}['k']] as $read) {
            $same = is_float($value) ? is_float($read) && pack('E', $read) === pack('E', $value) : $read === $value;
            if (!$same) {
                $wrong++;
                var_dump($value, $read);
            }
        }
    }
}
// A NAN may have other bits than PHP's own.
$s->x = unpack('E', "\xff\xf8\x00\x00\x00\x00\x12\x34")[1];
var_dump(bin2hex(pack('E', (new Sync(scratch()))->x)), $wrong, count($values));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(16) "fff8000000001234"
int(0)
int(66)
