--TEST--
increment() does what += does, returns the new value, and counts a missing one as 0
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->increment('n'), $s->increment('n', 5), $s->increment('n', -2.5), $s->n);
$s->list = [PHP_INT_MAX, '5', null, true, '1.5'];
foreach ($s->list as $value) {
    $s->value = $value;
    var_dump($s->increment('value'));
}
foreach ([[1], new stdClass, 'words'] as $value) {
    $s->value = $value;
    attempt(fn () => $s->increment('value'));
    var_dump($s->value == $value);
}
attempt(fn () => $s->increment('n', 'many'));
var_dump($s->increment('n', '7'), $s->increment(name: 'n', by: 1), count($s));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
int(6)
float(3.5)
float(3.5)
float(9.223372036854776E+18)
int(6)
int(1)
int(2)
float(2.5)
TypeError: Unsupported operand types: array + int
bool(true)
TypeError: Unsupported operand types: stdClass + int
bool(true)
TypeError: Unsupported operand types: string + int
bool(true)
TypeError: Sync::increment(): Argument #2 ($by) must be of type int|float, string given
float(10.5)
float(11.5)
int(3)
