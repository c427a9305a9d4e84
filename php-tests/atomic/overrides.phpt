--TEST--
increment(), compareAndSet(), pull() and update() go through the get() and set() of a subclass
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Twice extends Sync
{
    public function get($name, $default = null)
    {
        $value = parent::get($name, $default);
        return is_int($value) ? intdiv($value, 2) : $value;
    }

    public function set($name, $value)
    {
        parent::set($name, is_int($value) ? $value * 2 : $value);
        return $value;
    }
}
$plain = new Sync(scratch());
$s = new Twice(scratch());
var_dump($s->increment('n', 3), $plain->n, $s->increment('n'), $plain->n);
var_dump($s->compareAndSet('n', 8, 5), $s->compareAndSet('n', 4, 5), $plain->n);
var_dump($s->update('n', fn ($old) => $old + 1), $plain->n);
var_dump($s->pull('n', 'default'), $s->pull('n', 'default'), count($plain));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(3)
int(6)
int(4)
int(8)
bool(false)
bool(true)
int(10)
int(6)
int(12)
int(6)
string(7) "default"
int(0)
