--TEST--
A class that overrides a method for offsets has PHP's own way of writing into $sync['x']
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Offsets extends Sync
{
    public function offsetGet(mixed $offset): mixed
    {
        echo "[get $offset] ";
        return parent::offsetGet($offset);
    }

    public function offsetSet(mixed $offset, mixed $value): void
    {
        echo "[set $offset] ";
        parent::offsetSet($offset, $value);
    }

    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }
}
$s = new Offsets(scratch());
$s['n'] = 1;
$s['n'] += 2;
$s['list'] = [1];
echo json_encode($s), "\n";
$s['list'][] = 2;
$s->list[] = 3;
echo json_encode($s), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
[set n] [get n] [set n] [set list] {"n":3,"list":[1]}
[get list] 
Notice: Indirect modification of overloaded element of Offsets has no effect in %s on line %d
{"n":3,"list":[1,3]}
