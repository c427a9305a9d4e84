--TEST--
isset(), empty() and has() use the reading that a subclass overrides
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Defaults extends Sync
{
    public $own = 1;

    public function get($name, $default = null)
    {
        return parent::get($name, $default) ?? ($name === 'nothing' ? null : "default of $name");
    }
}
class Magic extends Sync
{
    public function __get($name)
    {
        return isset($this->$name) ? $this->$name : ($name === 'nothing' ? null : "default of $name");
    }
}
foreach ([new Defaults(scratch('defaults')), new Magic(scratch('magic'))] as $s) {
    $s->there = 0;
    $s->null = null;
    foreach (['there', 'null', 'missing', 'nothing', 'own'] as $name) {
        echo $name, ': ', json_encode([isset($s->$name), isset($s[$name]), $s->has($name), empty($s->$name), $s->$name ?? 'none', property_exists($s, $name)]), "\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
there: [true,true,true,true,0,true]
null: [true,true,true,false,"default of null",true]
missing: [true,true,true,false,"default of missing",false]
nothing: [false,false,false,true,"none",false]
own: [true,false,false,false,1,true]
there: [true,true,true,true,0,true]
null: [true,true,true,false,"default of null",true]
missing: [true,true,true,false,"default of missing",false]
nothing: [false,false,false,true,"none",false]
own: [true,true,true,false,"default of own",false]
