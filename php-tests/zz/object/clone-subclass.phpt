--TEST--
A clone of a subclass has its properties, and its __clone() is called
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Sub extends Sync
{
    public array $list = [1];
    public int $a = 1, $b = 2, $c = 3, $d = 4, $e = 5;
    private ?stdClass $inner = null;

    public function with(int $n): static
    {
        $new = clone $this;
        $new->inner = (object) ['n' => $n];
        return $new;
    }

    public function __clone()
    {
        $this->list[] = 'cloned';
        $this->shared = 'from __clone';
    }

    public function n(): ?int
    {
        return $this->inner?->n;
    }
}
$s = new Sub(scratch());
$s->e = 50;
$t = $s->with(7);
var_dump(get_class($t), $t->list, $s->list, $t->e, $s->n(), $t->n(), $s->shared);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(3) "Sub"
array(2) {
  [0]=>
  int(1)
  [1]=>
  string(6) "cloned"
}
array(1) {
  [0]=>
  int(1)
}
int(50)
NULL
int(7)
string(12) "from __clone"
