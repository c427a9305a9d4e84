--TEST--
++ in a stored ArrayAccess changes the result of its offsetGet(), as in PHP
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class ByValue implements ArrayAccess
{
    public $calls = [];

    public function offsetExists($offset): bool
    {
        return true;
    }

    public function offsetGet($offset): mixed
    {
        $this->calls[] = "get " . json_encode($offset);
        return 1;
    }

    public function offsetSet($offset, $value): void
    {
        $this->calls[] = "set " . json_encode($offset) . " $value";
    }

    public function offsetUnset($offset): void
    {
    }
}
set_error_handler(fn ($level, $message) => print("$message\n"));
foreach ([new stdClass, new Sync(scratch())] as $o) {
    $o->elements = new ArrayObject(['k' => 1]);
    var_dump($o->elements['k']++, --$o->elements['k'], $o->elements[null]++, ++$o->elements[null]);
    $o->elements['k'] += 5;
    echo json_encode($o->elements), "\n";
    $o->values = new ByValue;
    var_dump($o->values['k']++, ++$o->values['k'], $o->values['k'] += 5);
    echo json_encode($o->values), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Undefined array key ""
int(1)
int(1)
NULL
int(2)
{"k":6,"":2}
Indirect modification of overloaded element of ByValue has no effect
Indirect modification of overloaded element of ByValue has no effect
int(1)
int(2)
int(6)
{"calls":["get \"k\"","get \"k\"","get \"k\"","set \"k\" 6"]}
Undefined array key ""
int(1)
int(1)
NULL
int(2)
{"k":6,"":2}
Indirect modification of overloaded element of ByValue has no effect
Indirect modification of overloaded element of ByValue has no effect
int(1)
int(2)
int(6)
{"calls":["get \"k\"","get \"k\"","get \"k\"","set \"k\" 6"]}
