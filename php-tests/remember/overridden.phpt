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
// The value goes, and comes again, while the method looks for it.
class Late extends Sync
{
    public ?Closure $meanwhile = null;

    public function get($name, $default = null)
    {
        $value = parent::get($name, $default);
        [$meanwhile, $this->meanwhile] = [$this->meanwhile, null];
        $meanwhile && $meanwhile();
        return $value;
    }
}
$late = new Late(scratch('late'));
$other = new Sync(scratch('late'));
$late->meanwhile = fn () => $other->x = 'of another';
var_dump($late->remember('x', fn () => 'computed'));
$other->x = null;
$late->meanwhile = fn () => $other->x = 'of another';
var_dump($late->remember('x', fn () => 'computed'));
unset($other->x);
$late->meanwhile = function () use ($other) { $other->x = 1; unset($other->x); };
var_dump($late->remember('x', fn () => 'computed'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
abc abc cba
NULL
string(10) "of another"
string(10) "of another"
string(8) "computed"
