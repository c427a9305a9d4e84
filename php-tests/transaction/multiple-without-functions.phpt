--TEST--
setMultiple() and removeMultiple() take a Traversable where no function of PHP may be called, as iterator_to_array() collects it
--INI--
disable_functions=iterator_to_array,iterator_apply
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->setMultiple((function () {
    yield 'a' => 1;
    yield 1 => 2;
    yield true => 3;
    yield null => 4;
    yield 'a' => 5;
})());
echo json_encode($s), "\n";
$s->removeMultiple(new ArrayIterator(['k' => 'a', 'l' => 1]));
echo json_encode($s), "\n";
class Pairs implements IteratorAggregate
{
    function getIterator(): Iterator
    {
        return new ArrayIterator(['x' => [1], 'y' => (object) []]);
    }
}
$s->setMultiple(new Pairs);
echo json_encode($s), "\n";
try {
    $s->setMultiple((function () { yield 'z' => 1; yield [] => 2; })());
} catch (TypeError) {
    echo "an array is no key\n";
}
attempt(fn () => $s->setMultiple((function () { yield 'z' => 1; throw new LogicException('midway'); })()));
attempt(fn () => $s->removeMultiple((function () { yield 'x'; throw new LogicException('midway'); })()));
echo json_encode($s), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"a":5,"1":3,"":4}
{"":4}
{"":4,"x":[1],"y":{}}
an array is no key
LogicException: midway
LogicException: midway
{"":4,"x":[1],"y":{}}
