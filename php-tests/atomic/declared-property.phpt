--TEST--
pull() takes the shared value, also where the class declares a property of that name
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Job extends Sync
{
    public $x = 'own';
    protected int $n = 5;
}
class Loud extends Job
{
    public function remove($name)
    {
        echo "removes $name\n";
        return parent::remove($name);
    }
}
foreach ([Job::class, Loud::class] as $class) {
    $s = new $class(scratch());
    $s->set('x', 'shared');
    $s->set('n', 1);
    var_dump($s->pull('x'), $s->pull('x', 'gone'), $s->pull('n'), $s->x, count($s));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(6) "shared"
string(4) "gone"
int(1)
string(3) "own"
int(0)
removes x
removes n
string(6) "shared"
string(4) "gone"
int(1)
string(3) "own"
int(0)
