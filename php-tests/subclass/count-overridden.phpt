--TEST--
count($sync) calls the method count() of a class that overrides it, and nothing else
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Counts extends Sync
{
    function count(): int
    {
        return 10 + parent::count();
    }
}
class Inherits extends Counts
{
}
foreach ([Counts::class, Inherits::class] as $class) {
    $s = new $class(scratch());
    $s->x = [1];
    $s->x[] = 2;
    $s['y'] = 1;
    $s['y']++;
    var_dump(count($s), $s->count(), count($s->x), isset($s->y), $s->y, count(new Sync(scratch())));
    $s->destroy();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(12)
int(12)
int(2)
bool(true)
int(2)
int(2)
int(12)
int(12)
int(2)
bool(true)
int(2)
int(2)
