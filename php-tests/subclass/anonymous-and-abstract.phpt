--TEST--
Anonymous, abstract and final subclasses with interfaces and traits work
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

trait Counts
{
    public function count(): int
    {
        return count((array) $this->getData());
    }
}
abstract class Base extends Sync
{
    abstract public function name(): string;
}
$s = new class(scratch()) extends Base {
    use Counts;

    public function name(): string
    {
        return 'anonymous';
    }
};
$s->x = 1;
$s->y = 2;
var_dump($s->count(), $s->name());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(2)
string(9) "anonymous"
