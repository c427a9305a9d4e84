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
// What goes wrong here is what the engine says by the mark that it keeps for errors.
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
