--TEST--
Hooks run in the order in which serialize and unserialize run them, but for Serializable::serialize(), which comes last
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class W
{
    function __construct(public $name, public $children = [])
    {
    }

    function __wakeup()
    {
        echo " wakeup:$this->name(", implode(',', array_map(fn ($c) => get_debug_type($c->children ?? null), $this->children)), ')';
    }
}
class U
{
    public $name;
    public $children;

    function __construct($name, $children = [])
    {
        [$this->name, $this->children] = [$name, $children];
    }

    function __serialize(): array
    {
        echo " serialize:$this->name";
        return [$this->name, $this->children];
    }

    function __unserialize(array $data): void
    {
        [$this->name, $this->children] = $data;
        echo " unserialize:$this->name";
    }
}
class Old implements Serializable
{
    public $children;

    function __construct(public $name)
    {
    }

    function serialize()
    {
        echo " old:$this->name";
        return serialize($this->name);
    }

    function unserialize($data)
    {
        $this->name = unserialize($data);
        echo " new:$this->name";
    }
}
$shared = new W('shared');
$value = new W('root', [new U('1', [new W('1.1'), $shared]), new W('2', [new U('2.1', [$shared]), new Old('2.2')]), new U('3'), $shared]);
echo 'serialize:  ';
$serialized = serialize($value);
echo "\nstore:      ";
$s = new Sync(scratch());
$s->x = $value;
echo "\nunserialize:";
unserialize($serialized);
echo "\nread:       ";
$s->x;
echo "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
serialize:   serialize:1 serialize:2.1 old:2.2 serialize:3
store:       serialize:1 serialize:2.1 serialize:3 old:2.2
unserialize: new:2.2 wakeup:1.1() wakeup:shared() unserialize:1 unserialize:2.1 wakeup:2(array,null) unserialize:3 wakeup:root(array,array,array,array)
read:        new:2.2 wakeup:1.1() wakeup:shared() unserialize:1 unserialize:2.1 wakeup:2(array,null) unserialize:3 wakeup:root(array,array,array,array)
