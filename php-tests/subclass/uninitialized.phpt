--TEST--
var_dump says which declared properties have no value yet, as for any object; everything else omits them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Typed extends Sync
{
    public int $later;
    public ?string $text = 'x';
    public readonly array $once;
    public $untyped = 1;
}
$s = new Typed(scratch());
unset($s->untyped, $s->text);
var_dump($s);
echo count((array) $s), json_encode((array) $s), json_encode(get_object_vars($s)), "\n";

// The name of an unset declared property is a shared property.
$s->untyped = 'shared';
$s->later = 5;
var_dump($s);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
object(Typed)#1 (0) {
  ["later"]=>
  uninitialized(int)
  ["once"]=>
  uninitialized(array)
}
0[][]
object(Typed)#1 (2) {
  ["later"]=>
  int(5)
  ["once"]=>
  uninitialized(array)
  ["untyped"]=>
  string(6) "shared"
}
