--TEST--
Overrides may declare types, and further optional parameters
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Typed extends Sync
{
    public function get(mixed $name, mixed $default = null, bool $upper = false): mixed
    {
        $value = parent::get($name, $default);
        return $upper ? strtoupper($value) : $value;
    }

    public function set(mixed $name, mixed $value): mixed
    {
        return parent::set($name, "<$value>");
    }
}
$s = new Typed(scratch());
$s->set('x', 'ex');
var_dump($s->get('x', upper: true));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "<EX>"
