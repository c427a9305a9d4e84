--TEST--
An object with hooks is shown as any other: var_dump and (array) show the backing values, get_object_vars the hooks' results; all show the shared properties
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip property hooks came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Hooked extends Sync
{
    public int $kept = 3 { get => $this->kept * 10; }
    public string $virtual { get => "{$this->shared}!"; }
    public $written { set { } }
    protected int $inside = 2 { get => $this->inside; }
    public int $late { set => $value; }

    public function vars()
    {
        return get_object_vars($this);
    }
}
$s = new Hooked(scratch());
$s->shared = 'of all';
$s->inside = 'from outside';
var_dump($s);
var_export($s);
echo "\n";
foreach ([get_object_vars($s), $s->vars(), (array) $s, get_mangled_object_vars($s), iterator_to_array($s), $s] as $shown) {
    echo json_encode($shown), "\n";
}
foreach ($s as $name => $value) {
    echo "$name: $value\n";
}
try {
    foreach ($s as &$value);
} catch (Error $e) {
    echo $e->getMessage(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
object(Hooked)#1 (4) {
  ["kept"]=>
  int(3)
  ["inside":protected]=>
  int(2)
  ["late"]=>
  uninitialized(int)
  ["shared"]=>
  string(6) "of all"
  ["inside"]=>
  string(12) "from outside"
}
\Hooked::__set_state(array(
   'kept' => 30,
   'virtual' => 'of all!',
   'inside' => 2,
   'late' => NULL,
   'shared' => 'of all',
   'inside' => 'from outside',
))
{"kept":30,"virtual":"of all!","late":null,"shared":"of all"}
{"kept":30,"virtual":"of all!","inside":2,"late":null,"shared":"of all"}
{"kept":3,"\u0000*\u0000inside":2,"shared":"of all","inside":"from outside"}
{"kept":3,"\u0000*\u0000inside":2,"shared":"of all","inside":"from outside"}
{"shared":"of all","inside":"from outside"}
{"shared":"of all","inside":"from outside"}
shared: of all
inside: from outside
Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }
