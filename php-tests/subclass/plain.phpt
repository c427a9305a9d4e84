--TEST--
A subclass works like the class
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Shared extends Sync
{
    public const VERSION = 1;

    public static function at(string $file): static
    {
        return new static($file);
    }

    public function double(string $name): int
    {
        return $this->$name = $this->$name * 2;
    }
}
$s = Shared::at(scratch());
$s->x = 21;
var_dump($s->double('x'), $s->x, $s instanceof Sync, Shared::VERSION, (new Sync(scratch()))->x);
var_dump($s->set('y', 1), $s['y'], isset($s->y), $s->lock() === $s, $s->unlock()->remove('y')->has('y'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(42)
int(42)
bool(true)
int(1)
int(42)
int(1)
int(1)
bool(true)
bool(true)
bool(false)
