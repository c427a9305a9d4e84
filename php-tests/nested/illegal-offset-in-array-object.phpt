--TEST--
An offset that an ArrayObject refuses leaves nothing behind in the engine
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

enum Suit
{
    case Hearts;
}
$s = new Sync(scratch());
$s->elements = new ArrayObject(['k' => 1]);
attempt(fn () => $s->elements[[]]['x'] = 1);
attempt(fn () => $s->elements[new stdClass]++);
// The engine marks these failed writes with its error zval; a mark left behind above would show here.
$suit = Suit::Hearts;
for ($i = 0; $i < 3; $i++) {
    attempt(fn () => $suit->p += 1);
    attempt(fn () => $suit->p++);
}
echo json_encode($s->elements), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
TypeError: %rIllegal offset type|Cannot access offset of type array on ArrayObject%r
TypeError: %rIllegal offset type|Cannot access offset of type stdClass on ArrayObject%r
Error: Cannot create dynamic property Suit::$p
Error: Cannot create dynamic property Suit::$p
Error: Cannot create dynamic property Suit::$p
Error: Cannot create dynamic property Suit::$p
Error: Cannot create dynamic property Suit::$p
Error: Cannot create dynamic property Suit::$p
{"k":1}
