--TEST--
add() stores a value only where there is none; a null that was stored is one
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
var_dump($s->add('a', 1), $other->add('a', 2), $s->add('a', 2, 1000), $s->a, $s->ttl('a'));
$s->null = null;
var_dump($s->add('null', 1), $other->add('null', 1), $s->null);
var_dump($s->add('b', [1], 1000), $other->ttl('b') > 900, $other->b);
foreach ([0, -1, -INF] as $gone) {
    var_dump($s->add('c', 1, $gone), $s->has('c'));
}
var_dump(...within_a_life(function ($ttl) use ($s, $other) {
    $s->remove('c');
    return [$s->add('c', 1, $ttl), $other->add('c', 2)];
}));
while ($other->ttl('c') !== null) {
    usleep(1000);
}
var_dump($other->add('c', new ArrayObject([3])), $s->c->getArrayCopy(), $s->ttl('c'));
unset($s->a);
var_dump($s->add('a', 3), $other->a, array_keys((array) $s->getData()));
// The value is made before anything is stored.
class Bad { public function __serialize(): array { throw new Exception('cannot be stored'); } }
try {
    $s->add('d', new Bad);
} catch (Exception $e) {
    echo $e->getMessage(), "\n";
}
var_dump($s->has('d'), $s->add('a', 5), $s->add("\0x", 1));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(true)
bool(false)
bool(false)
int(1)
NULL
bool(false)
bool(false)
NULL
bool(true)
bool(true)
array(1) {
  [0]=>
  int(1)
}
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
bool(false)
bool(true)
array(1) {
  [0]=>
  int(3)
}
NULL
bool(true)
int(3)
array(4) {
  [0]=>
  string(4) "null"
  [1]=>
  string(1) "b"
  [2]=>
  string(1) "c"
  [3]=>
  string(1) "a"
}
cannot be stored

Fatal error: Uncaught Error: Cannot access property starting with "\0" in %a
