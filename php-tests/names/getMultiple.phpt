--TEST--
getMultiple() gives several values by name, with a default for those that are missing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->getMultiple(['a', 'b'], 0), $s->getMultiple([]), scratch_exists());
$s->b = [1, 2];
$s->b[] = 3;
$s->a = null;
$s->{7} = 'seven';
$s->object = new ArrayObject([1]);
$s->long = str_repeat('x', 100_000);
$values = $s->getMultiple(['missing', 'b', 'a', 7, 'b', 'object', 'long', ''], 'default');
$values['object'] = get_class($values['object']);
$values['long'] = strlen($values['long']);
echo json_encode($values), "\n";
attempt(fn () => $s->getMultiple([[]]));
attempt(fn () => $s->getMultiple([new stdClass]));
attempt(fn () => $s->getMultiple(["\0name"]));
attempt(fn () => $s->getMultiple('a'));

class Twice extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name, $default);
        return is_int($value) ? $value * 2 : $value;
    }
}
$s->n = 4;
echo json_encode((new Twice(scratch()))->getMultiple(['n', 'a', 'missing'], 0)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(2) {
  ["a"]=>
  int(0)
  ["b"]=>
  int(0)
}
array(0) {
}
bool(false)
{"missing":"default","b":[1,2,3],"a":null,"7":"seven","object":"ArrayObject","long":100000,"":"default"}
TypeError: Sync::getMultiple(): Argument #1 ($names) must be an array of names, one of type array given
TypeError: Sync::getMultiple(): Argument #1 ($names) must be an array of names, one of type stdClass given
Error: Cannot access property starting with "\0"
TypeError: Sync::getMultiple(): Argument #1 ($names) must be of type array, string given
{"n":8,"a":null,"missing":0}
