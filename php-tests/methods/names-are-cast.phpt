--TEST--
A name given to a method is cast to a string as PHP does
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Name
{
    public function __toString(): string
    {
        return 'x';
    }
}
$s = new Sync(scratch());
$s->x = 'ex';
$s->{''} = 'empty';
$s->{'1'} = 'one';
var_dump($s->get(new Name), $s->get(1), $s->get(true), $s->get(''), $s->has(1.0));
$s->set(new Name, 2);
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(2) "ex"
string(3) "one"
string(3) "one"
string(5) "empty"
bool(true)
int(2)
