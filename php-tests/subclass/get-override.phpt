--TEST--
Overriding get() and set(), or the offset methods, is seen where a userland class would show it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Both extends Sync
{
    public function get($name, $default = null)
    {
        return 'get: ' . parent::get($name, $default);
    }

    public function set($name, $value)
    {
        return parent::set($name, "set: $value");
    }
}
$s = new Both(scratch());
$s->a = 1;
$s->set('b', 2);
var_dump($s->a, $s->b, $s->get('a'), $s['b']);
class Other extends Sync
{
    public function offsetGet(mixed $offset): mixed
    {
        return 'offset: ' . parent::offsetGet($offset);
    }

    public function offsetSet(mixed $offset, mixed $value): void
    {
        parent::offsetSet($offset ?? 'appended', "offset: $value");
    }
}
$t = new Other(scratch());
$t['c'] = 3;
$t[] = 4;
var_dump($t['c'], $t->c, $t->get('c'), $t->appended, isset($t['c']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
string(11) "get: set: 1"
string(11) "get: set: 2"
string(11) "get: set: 1"
string(11) "get: set: 2"
string(17) "offset: offset: 3"
string(9) "offset: 3"
string(9) "offset: 3"
string(9) "offset: 4"
bool(true)
