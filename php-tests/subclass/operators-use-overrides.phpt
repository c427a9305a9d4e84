--TEST--
Operators and nested writes go through the methods that a subclass overrides, as with a userland class
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

    public function __isset($name)
    {
        $this->log[] = "isset $name";
        return parent::__isset($name);
    }

    public function __unset($name)
    {
        $this->log[] = "unset $name";
        parent::__unset($name);
    }
}
$s = new Logged(scratch());
$s->n = 1;
$s->n++;
$s->n .= 'x';
$s->m ??= 5;
var_dump($s->n, isset($s->n), empty($s->m));
unset($s->n);
echo implode("\n", $s->log), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(2) "2x"
bool(true)
bool(false)
set n
get n
set n
get n
set n
isset m
set m
get n
isset n
isset m
get m
unset n
