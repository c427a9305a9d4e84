--TEST--
Nested writes go through stored objects, their arrays and their ArrayAccess
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Box implements ArrayAccess
{
    public array $items = [];
    public ?Box $inner = null;
    private int $sets = 0;

    public function offsetExists(mixed $k): bool { return isset($this->items[$k]); }
    public function offsetGet(mixed $k): mixed { return $this->items[$k] ?? null; }
    public function offsetSet(mixed $k, mixed $v): void { $this->sets++; $k === null ? $this->items[] = $v : $this->items[$k] = $v; }
    public function offsetUnset(mixed $k): void { unset($this->items[$k]); }
    public function sets(): int { return $this->sets; }
}
$s = new Sync(scratch());
$s->box = new Box;
$s->box['k'] = 1;
$s->box[] = 2;
$s->box['k'] += 10;
unset($s->box[0]);
$s->box->inner = new Box;
$s->box->inner['deep'] = 'yes';
$s->box->items['plain'][] = 'p';
$s->map['box'] = new Box;
$s->map['box']->items['n'] = 1;
$s->map['box']['m'] = 2;
$other = new Sync(scratch());
var_dump($other->box->items, $other->box->sets(), $other->box->inner->items, $other->map['box']->items);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(2) {
  ["k"]=>
  int(11)
  ["plain"]=>
  array(1) {
    [0]=>
    string(1) "p"
  }
}
int(3)
array(1) {
  ["deep"]=>
  string(3) "yes"
}
array(2) {
  ["n"]=>
  int(1)
  ["m"]=>
  int(2)
}
