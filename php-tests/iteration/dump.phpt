--TEST--
var_dump(), print_r(), var_export() and debug_zval_refcount() show the shared properties
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 1;
$s->list = ['a'];
var_dump($s);
print_r($s);
var_export($s);
echo "\n";
class Sub extends Sync
{
    public int $own = 5;
    private $secret = 's';
}
var_dump(new Sub(scratch()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
object(Sync)#%d (2) {
  ["n"]=>
  int(1)
  ["list"]=>
  array(1) {
    [0]=>
    string(1) "a"
  }
}
Sync Object
(
    [n] => 1
    [list] => Array
        (
            [0] => a
        )

)
%ASync::__set_state(array(
%w'n' => 1,
%w'list' => 
  array (
    0 => 'a',
  ),
))
object(Sub)#%d (4) {
  ["own"]=>
  int(5)
  ["secret":"Sub":private]=>
  string(1) "s"
  ["n"]=>
  int(1)
  ["list"]=>
  array(1) {
    [0]=>
    string(1) "a"
  }
}
