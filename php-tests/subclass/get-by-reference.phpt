--TEST--
Nested writes behind a __get() that returns a reference to a copy are stored, as behind one that returns a value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class ByValue extends Sync
{
    public function __get($name)
    {
        return parent::__get($name);
    }
}
class ByReference extends Sync
{
    public function &__get($name)
    {
        $value = parent::__get($name);
        return $value;
    }
}
class Prefixed extends Sync
{
    public function &__get($name)
    {
        $value = parent::__get("p.$name");
        return $value;
    }

    public function __set($name, $value)
    {
        parent::__set("p.$name", $value);
    }
}
foreach (['Sync', 'ByValue', 'ByReference', 'Prefixed'] as $class) {
    $s = new $class(scratch($class));
    $s->list = [1];
    $s->object = (object) ['p' => 1, 'l' => []];
    $s->list[] = 2;
    $s->list['k']['x'] = 3;
    $s->list['k']['x']++;
    $s->list['k']['x'] .= '!';
    unset($s->list[0]);
    $s->object->p = 2;
    $s->object->l[] = 5;
    $s['list'][] = 7;
    $s->new['a']['b'] = 8;
    $s->number += 5;
    [$s->list['m'], $s->list['n']] = [1, 2];
    echo "$class: ", json_encode(new Sync(scratch($class))), "\n";
    attempt(function () use ($s) { $reference = &$s->list; });
    attempt(function () use ($s) { $reference = &$s->list['k']; });
}

// A reference that something else holds is the engine's to change, as in any class.
class Own extends Sync
{
    private array $own = ['list' => [1]];
    private ?stdClass $object = null;

    public function &__get($name)
    {
        static $static = [1];
        if ($name === 'static') {
            return $static;
        }
        if ($name === 'object') {
            $object = $this->object ??= new stdClass;
            return $object;
        }
        return $this->own[$name];
    }
}
$s = new Own(scratch('own'));
$s->list[] = 2;
$s->static[] = 3;
$s->object->p = 4;
echo json_encode([$s->list, $s->static, $s->object, $s]), "\n";

// A method that throws, that lets go of its object, and that has nothing to give.
class Throws extends Sync
{
    public function &__get($name)
    {
        throw new RuntimeException($name);
    }
}
$s = new Throws(scratch('throws'));
attempt(fn () => $s->x[] = 1);
class LetsGo extends Sync
{
    public function &__get($name)
    {
        $GLOBALS['s'] = null;
        $value = parent::__get($name);
        return $value;
    }
}
$s = new LetsGo(scratch('goes'));
$s->x[] = 1;
echo json_encode(new Sync(scratch('goes'))), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Sync: {"list":{"1":2,"k":{"x":"4!"},"2":7,"m":1,"n":2},"object":{"p":2,"l":[5]},"new":{"a":{"b":8}},"number":5}
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Error: Cannot make a reference to ->list['k'] in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list['k']; …; $sync->list['k'] = $copy; (between lock() and unlock() where others write it, too)
ByValue: {"list":{"1":2,"k":{"x":"4!"},"2":7,"m":1,"n":2},"object":{"p":2,"l":[5]},"new":{"a":{"b":8}},"number":5}
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Error: Cannot make a reference to ->list['k'] in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list['k']; …; $sync->list['k'] = $copy; (between lock() and unlock() where others write it, too)
ByReference: {"list":{"1":2,"k":{"x":"4!"},"2":7,"m":1,"n":2},"object":{"p":2,"l":[5]},"new":{"a":{"b":8}},"number":5}
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Error: Cannot make a reference to ->list['k'] in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list['k']; …; $sync->list['k'] = $copy; (between lock() and unlock() where others write it, too)
Prefixed: {"p.list":{"1":2,"k":{"x":"4!"},"2":7,"m":1,"n":2},"p.object":{"p":2,"l":[5]},"p.new":{"a":{"b":8}},"p.number":5}
Error: Cannot make a reference to ->list in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list; …; $sync->list = $copy; (between lock() and unlock() where others write it, too)
Error: Cannot make a reference to ->list['k'] in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync->list['k']; …; $sync->list['k'] = $copy; (between lock() and unlock() where others write it, too)
[[1,2],[1,3],{"p":4},{}]
RuntimeException: x
{"x":[1]}
