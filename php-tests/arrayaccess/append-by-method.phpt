--TEST--
offsetSet(null, $value) appends, as $s[] = $value does, in subclasses, too
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Upper extends Sync
{
    public function set($name, $value)
    {
        return parent::set($name, strtoupper($value));
    }
}
class Passing extends Sync
{
    public function offsetSet($offset, $value): void
    {
        parent::offsetSet($offset, $value);
    }
}
foreach ([Sync::class, Upper::class, Passing::class] as $class) {
    $s = new $class(scratch($class));
    $s->offsetSet(null, 'a');
    $s[] = 'b';
    $s[null] = 'c';
    $s[7] = 'd';
    $s[] = 'e';
    echo $class, ' ', json_encode($s), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Sync {"0":"a","1":"b","2":"c","7":"d","8":"e"}
Upper {"0":"A","1":"B","2":"C","7":"D","8":"E"}
Passing {"0":"a","1":"b","2":"c","7":"d","8":"e"}
