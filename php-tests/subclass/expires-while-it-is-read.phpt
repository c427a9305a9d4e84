--TEST--
A value that expires while a method of the class reads it counts as none: increment() with a $ttl, remember(), pull() and update()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Its get() comes to the value when that has expired. */
class Slow extends Sync
{
    public function get($name, $default = null)
    {
        while (parent::has($name)) {
        }
        return parent::get($name, $default);
    }
}

/** The same, by __get(). */
class SlowMagic extends Sync
{
    public function __get($name): mixed
    {
        while (parent::has($name)) {
        }
        return parent::__get($name);
    }
}

foreach ([Slow::class, SlowMagic::class] as $class) {
    $sync = new $class(scratch($class));
    $begin = fn () => $sync->put('x', 7, 0.005);
    echo "$class\n";
    $begin();
    var_dump($sync->increment('x', 2, 1000), $sync->ttl('x') > 900);
    unset($sync->x);
    $begin();
    var_dump($sync->remember('x', fn () => 'made', 1000), $sync->ttl('x') > 900);
    unset($sync->x);
    $begin();
    var_dump($sync->pull('x', 'default'));
    $begin();
    $sync->update('x', function ($value) {
        var_dump($value);
        return null;
    }, 'default');
    unset($sync->x);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Slow
int(2)
bool(true)
string(4) "made"
bool(true)
string(7) "default"
string(7) "default"
SlowMagic
int(2)
bool(true)
string(4) "made"
bool(true)
string(7) "default"
string(7) "default"
