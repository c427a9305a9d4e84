--TEST--
++ and -- treat strings, null, booleans and objects as in an ordinary property
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

foreach (['a', 'Az', '5', '5.5', '', 'zz', null, true, false, [], new stdClass] as $value) {
    $line = [];
    foreach ([new stdClass, new Sync(scratch())] as $object) {
        $result = [];
        foreach ([function () use ($object) { return $object->x++; }, function () use ($object) { return --$object->x; }] as $operation) {
            $object->x = $value;
            try {
                $result[] = @$operation();
            } catch (TypeError $e) {
                $result[] = $e->getMessage();
            }
            $result[] = is_object($object->x) ? 'object' : $object->x;
        }
        $line[] = serialize($result);
    }
    echo get_debug_type($value), $line[0] === $line[1] ? ": the same\n" : ": $line[0]\n    $line[1]\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string: the same
string: the same
string: the same
string: the same
string: the same
string: the same
null: the same
bool: the same
bool: the same
array: the same
stdClass: the same
