--TEST--
push() goes through get() and set() of a class that overrides them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Encrypted extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name);
        return $value === null ? $default : unserialize(strrev($value));
    }

    public function set($name, $value)
    {
        parent::set($name, strrev(serialize($value)));
        return $value;
    }
}

class Counting extends Sync
{
    public function __set($name, $value)
    {
        echo "set $name to ", json_encode($value), "\n";
        parent::__set($name, $value);
    }
}

$s = new Encrypted(scratch());
var_dump($s->push('secret', 'a', 'b'), $s->push('secret'), $s->push('secret', ['c']), $s->get('secret') === ['a', 'b', ['c']]);
$plain = new Sync(scratch());
var_dump(is_string($plain->secret), $s->push('nothing'), isset($plain->nothing));
attempt(fn () => $plain->push('secret', 1));
$s->set('number', 1);
attempt(fn () => $s->push('number', 1));
$counting = new Counting(scratch('counting'));
var_dump($counting->push('list', 1, 2), $counting->push('list', 3));

// Nobody loses anything, though each reads and writes the whole.
$children = array_map(fn ($i) => Peer::fork(function () use ($i) {
    $s = new Encrypted(scratch());
    for ($j = 0; $j < 100; $j++) {
        $s->push('all', "$i.$j");
    }
}), range(0, 3));
array_map(fn ($child) => $child->end(), $children);
var_dump(count(array_unique($s->get('all'))), array_is_list($s->get('all')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(2)
int(2)
int(3)
bool(true)
bool(true)
int(0)
bool(false)
SyncException: Can't use property 'secret' in '{dir}/store' as a queue: it is no array, but of type string.
SyncException: Can't use property 'number' in '{dir}/store' as a queue: it is no array, but of type int.
set list to [1,2]
set list to [1,2,3]
int(2)
int(3)
int(400)
bool(true)
