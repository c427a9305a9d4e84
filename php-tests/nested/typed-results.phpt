--TEST--
The result of an assignment to a typed property is the value as the type coerced it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Typed
{
    public int $i = 0;
    public float $f = 0;
    public ?Typed $inner = null;
}
foreach ([new stdClass, new Sync(scratch())] as $o) {
    $o->t = new Typed;
    $o->t->inner = new Typed;
    var_dump($o->t->i = '5', $o->t->i .= '6', $o->t->inner->f = 3, $o->t->f += 1, $o->t->i++, ++$o->t->i, $o->t->i /= 2);
    [$o->t->i] = ['7'];
    var_dump($o->t->i);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(5)
int(56)
float(3)
float(1)
int(56)
int(58)
int(29)
int(7)
int(5)
int(56)
float(3)
float(1)
int(56)
int(58)
int(29)
int(7)
