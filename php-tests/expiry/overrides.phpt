--TEST--
put(), add() and increment() go through the get() and set() of a subclass, and the value that set() stores expires
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Secret extends Sync
{
    public array $calls = [];

    public function get($name, $default = null)
    {
        $this->calls[] = "get $name";
        $value = parent::get("secret $name");
        return $value === null ? $default : json_decode(strrev($value), true);
    }

    public function set($name, $value)
    {
        $this->calls[] = "set $name";
        if ($value === 'refused') {
            throw new Exception('refused');
        }
        parent::set("secret $name", strrev(json_encode($value)));
        $this->log[] = $name;
        return $value;
    }

    public function remove($name)
    {
        $this->calls[] = "remove $name";
        return parent::remove("secret $name");
    }
}
$plain = new Sync(scratch());
$s = new Secret(scratch());
$soon = fn ($name) => $plain->ttl($name) > 900;
var_dump($s->put('a', 'text', 1000), $plain->{'secret a'}, $soon('secret a'), $plain->ttl('log'), $s->a);
var_dump($s->add('a', 1), $s->add('b', [1, 2], 1000), $s->b, $soon('secret b'), $plain->ttl('log'));
var_dump($s->increment('n', 5, 1000), $s->increment('n'), $plain->{'secret n'});
try {
    $s->put('a', 'refused', 5);
} catch (Exception $e) {
    echo $e->getMessage(), "\n";
}
$plain->{'secret a'} = '1';
$s->c = 1;
var_dump($plain->ttl('secret a'), $plain->ttl('secret c'));
$s->put('a', 2, 0);
var_dump($plain->has('secret a'), array_count_values($s->calls));

class Guarded extends Sync
{
    public function __set($name, $value)
    {
        $this->$name = "<$value>";
    }
}
$g = new Guarded(scratch());
$g->x = 1;
$g->put('y', 2, 1000);
$before = $plain->y;
$g->y .= 1;
var_dump($plain->x, $before, $soon('y'), $plain->y, $soon('y'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "text"
string(6) ""txet""
bool(true)
NULL
string(4) "text"
bool(false)
bool(true)
array(2) {
  [0]=>
  int(1)
  [1]=>
  int(2)
}
bool(true)
NULL
int(5)
int(6)
string(1) "6"
refused
NULL
NULL
bool(false)
array(10) {
  ["set a"]=>
  int(2)
  ["get log"]=>
  int(10)
  ["set log"]=>
  int(5)
  ["get a"]=>
  int(2)
  ["get b"]=>
  int(2)
  ["set b"]=>
  int(1)
  ["get n"]=>
  int(3)
  ["set n"]=>
  int(2)
  ["set c"]=>
  int(1)
  ["remove a"]=>
  int(1)
}
string(3) "<1>"
string(3) "<2>"
bool(true)
string(6) "<<2>1>"
bool(true)
