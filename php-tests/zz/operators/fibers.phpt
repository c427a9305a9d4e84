--TEST--
A fiber that suspends inside an operator keeps other fibers of the process from losing counts
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->text = '';
$s->n = 0;
class Suspends
{
    public function __toString(): string
    {
        Fiber::suspend();
        return 'f';
    }
}
$fiber = new Fiber(function () use ($s) {
    $s->text .= new Suspends;
    $s->n++;
});
$fiber->start();
$s->n++;
$fiber->resume();
var_dump($s->text, $s->n, $fiber->isTerminated());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(1) "f"
int(2)
bool(true)
