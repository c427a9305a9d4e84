--TEST--
put() stores a value that expires; a value stored as a whole has its own expiry, a change of what is there keeps it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
function expires(string $name, Sync ...$objects): string
{
    $left = array_map(fn ($s) => $s->ttl($name), $objects);
    return $left[0] === null ? 'never' : (min($left) > 900 && max($left) <= 1000 ? 'in a while' : json_encode($left));
}
var_dump($s->put('n', 5, 1000), $s->n, $other->n, expires('n', $s, $other));
echo "-- changes\n";
$s->n++;
$other->n += 2;
$s->increment('n');
$other->increment('n', 1, 5);
var_dump($s->compareAndSet('n', 10, 11), $s->update('n', fn ($n) => $n + 1), expires('n', $s, $other));
$s->put('text', 'a', 1000);
$s->text .= 'b';
$s->text .= new class { public function __toString() { return 'c'; } };
var_dump($other->text, expires('text', $s, $other));
$s->put('list', [1, 2], 1000);
$s->list[] = 3;
$other->list[0] = 0;
$s->list['deep']['er'] = new stdClass;
$s->list['deep']['er']->x = 1;
unset($other->list[1]);
$s->push('list', 'pushed');
for ($i = 0; $i < 3000; $i++) {
    $s->list['n'] = $i;
}
var_dump(json_encode($other->list), expires('list', $s, $other));
$s->put('object', new ArrayObject([1]), 1000);
$s->object[] = 2;
var_dump(count($s->object), expires('object', $s, $other));
$s->put('long', str_repeat('x', 200_000), 1000);
$s->long .= 'y';
var_dump(strlen($other->long), expires('long', $s, $other));
echo "-- whole values\n";
$s->n = 1;
$s->text = 'new';
$s->set('list', []);
$s->put('object', 1);
$s->long = null;
var_dump(array_map(fn ($name) => expires($name, $s, $other), ['n', 'text', 'list', 'object', 'long']));
$s->put('n', 1, 1000);
$s->put('text', 1, 1000);
$other->setData((object) ['n' => 1]);
$s['text'] = 2;
var_dump(expires('n', $s, $other), expires('text', $s, $other));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(5)
int(5)
int(5)
string(10) "in a while"
-- changes
bool(true)
int(12)
string(10) "in a while"
string(3) "abc"
string(10) "in a while"
string(57) "{"0":0,"2":3,"deep":{"er":{"x":1}},"3":"pushed","n":2999}"
string(10) "in a while"
int(2)
string(10) "in a while"
int(200001)
string(10) "in a while"
-- whole values
array(5) {
  [0]=>
  string(5) "never"
  [1]=>
  string(5) "never"
  [2]=>
  string(5) "never"
  [3]=>
  string(5) "never"
  [4]=>
  string(5) "never"
}
string(5) "never"
string(5) "never"
