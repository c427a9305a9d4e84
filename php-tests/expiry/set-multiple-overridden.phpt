--TEST--
setMultiple() in a class that overrides set() or __set(): all names expire at one moment
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Slow extends Sync
{
    public function set($name, $value)
    {
        usleep(20000);
        return parent::set($name, $value);
    }
}
class SlowMagic extends Sync
{
    public function __set($name, $value)
    {
        usleep(20000);
        parent::__set($name, $value);
    }
}
/** The milliseconds between the end of the first value and that of the last one. */
function between(array $lives): float
{
    return round(1000 * (max($lives) - min($lives)));
}
foreach (['Slow', 'SlowMagic'] as $class) {
    $s = new $class(scratch($class));
    $s->setMultiple(['a' => 1, 'b' => 2, 'c' => 3], 1000);
    $lives = [];
    foreach (['a', 'b', 'c'] as $name) {
        // The nearest of a few: a process may be set aside between the two.
        $lives[] = min(array_map(fn () => $s->ttl($name) + microtime(true), range(1, 5)));
    }
    var_dump(between($lives) < 10, $lives[0] - microtime(true) > 990);
    $s->setMultiple(['a' => 1, 'd' => 4]);
    var_dump($s->ttl('a'), $s->ttl('d'));
    // Longer than what is left when the last one is stored.
    $s->setMultiple(['x' => 1, 'y' => 2], 0.03);
    var_dump($s->getMultiple(['x', 'y'], 'gone') === ['x' => 'gone', 'y' => 'gone']);
    $s->setMultiple(['a' => 1, 'b' => 2], INF);
    var_dump($s->ttl('a'), $s->b);
    $s->setMultiple(['a' => 1, 'b' => 2], 0);
    echo implode(' ', $s->keys()), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
NULL
NULL
bool(true)
NULL
int(2)
c d
bool(true)
bool(true)
NULL
NULL
bool(true)
NULL
int(2)
c d
