--TEST--
In a class that overrides get and set, remember() goes through both
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Secret extends Sync
{
    public function get($name, $default = null) { return is_string($value = parent::get($name)) ? strrev($value) : $default; }
    public function set($name, $value) { return parent::set($name, is_string($value) ? strrev($value) : $value); }
}
$secret = new Secret(scratch());
echo $secret->remember('x', fn () => 'abc'), ' ', $secret->remember('x', fn () => 'never'), ' ', (new Sync(scratch()))->x, "\n";
$secret->set('null', null);
var_dump($secret->remember('null', fn () => 'never'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
abc abc cba
NULL
