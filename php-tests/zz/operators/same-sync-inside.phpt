--TEST--
User code that runs inside an operator may use the same Sync
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Nosy
{
    public function __construct(private Sync $s)
    {
    }

    public function __toString(): string
    {
        $this->s->seen = $this->s->text;
        $this->s->count++;
        return 'x';
    }
}
$s = new Sync(scratch());
$s->text = 'a';
$s->count = 0;
$s->text .= new Nosy($s);
$s->map = ['t' => 'b'];
$s->map['t'] .= new Nosy($s);
var_dump($s->text, $s->map['t'], $s->count, $s->seen);
$other = new Sync(scratch());
$other->free = 'yes';
var_dump($s->free);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(2) "ax"
string(2) "bx"
int(2)
string(2) "ax"
string(3) "yes"
