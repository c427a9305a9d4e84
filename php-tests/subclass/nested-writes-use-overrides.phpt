--TEST--
Writes into stored values go through the methods that a subclass overrides
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Logged extends Sync
{
    public array $log = [];

    public function __get($name)
    {
        $this->log[] = "get $name";
        return parent::__get($name);
    }

    public function __set($name, $value)
    {
        $this->log[] = "set $name";
        parent::__set($name, $value);
    }
}
class Defaults extends Sync
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default) ?? ['default' => 1];
    }
}
class Strict extends Sync
{
    public function set($name, $value)
    {
        is_array($value) && count($value) > 2 && throw new LengthException("$name is too long");
        return parent::set($name, $value);
    }
}
class Scratchpad extends Sync
{
    private array $own = [];

    public function &__get($name)
    {
        return $this->own[$name];
    }
}
$s = new Logged(scratch());
$s->list[] = 1;
$s->map['a']['b'] = 1;
var_dump($s->map['a']['b']++, $s->map['a']['c'] ?? null);
unset($s->map['a']);
$s->object = new stdClass;
$s->object->p = 1;
echo json_encode($s), ' ', implode(', ', $s->log), "\n";

$s = new Defaults(scratch('defaults'));
$s->x['more'] = 2;
$s->y['default']++;
echo json_encode($s), "\n";

$s = new Strict(scratch('strict'));
$s->list[] = 1;
$s->list[] = 2;
attempt(fn () => $s->list[] = 3);
echo json_encode($s), "\n";
$other = new Sync(scratch('strict'));
$other->list[] = 4;
echo json_encode($s), "\n";

$s = new Scratchpad(scratch('scratchpad'));
$s->x['k'] = 1;
echo json_encode($s->x), ' ', json_encode($s), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
NULL
{"list":[1],"map":[],"object":{"p":1}} get list, set list, get map, set map, get map, set map, get map, get map, get map, set map, set object, get object, set object
{"x":{"default":1,"more":2},"y":{"default":2}}
LengthException: list is too long
{"list":[1,2]}
{"list":[1,2,4]}
{"k":1} {}
