--TEST--
__serialize decides the stored value, and __unserialize the object made of it
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Point
{
    private array $position;
    public $log = [];

    function __construct(...$position)
    {
        $this->position = $position;
    }

    function __serialize(): array
    {
        echo "__serialize\n";
        return ['position' => $this->position, 7 => 'seven'];
    }

    function __unserialize(array $data): void
    {
        echo '__unserialize ', json_encode($data), "\n";
        $this->position = $data['position'];
        $this->log[] = 'unserialized';
    }
}
$s = new Sync(scratch());
$s->x = new Point(1, 2);
var_dump((new Sync(scratch()))->x);
class Nothing
{
    function __serialize(): array
    {
        return [];
    }
}
$s->x = new Nothing;
var_dump($s->x);
class Bad
{
    public $result;

    function __serialize()
    {
        return $this->result;
    }
}
attempt(fn () => $s->x = new Bad);
var_dump(get_class($s->x));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
__serialize
__unserialize {"position":[1,2],"7":"seven"}
object(Point)#%d (2) {
  ["position":"Point":private]=>
  array(2) {
    [0]=>
    int(1)
    [1]=>
    int(2)
  }
  ["log"]=>
  array(1) {
    [0]=>
    string(12) "unserialized"
  }
}
object(Nothing)#%d (0) {
}
SyncException: Can't store property 'x' in '{dir}/store': Bad::__serialize() must return an array
string(7) "Nothing"
