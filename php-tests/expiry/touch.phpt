--TEST--
touch() gives a value another expiry and leaves it as it is; ttl() tells how much is left
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
var_dump($s->touch('none', 5), scratch_exists(), $s->ttl('none'), scratch_exists());
$values = ['int' => 1, 'null' => null, 'text' => 'x', 'long' => str_repeat('x', 300_000), 'list' => range(1, 9), 'object' => new ArrayObject([1])];
foreach ($values as $name => $value) {
    $s->$name = $value;
    $seen = $other->$name;
    var_dump($s->touch($name, 1000), $other->ttl($name) > 900, $s->$name == $value, $other->$name == $value, $s->has($name));
    var_dump($other->touch($name, null), $s->ttl($name), $s->$name == $value, $other->$name == $value);
}
// One that was changed in part, more often than there is room for beside it.
$s->list[] = 10;
for ($i = 1; $i < 20_000; $i++) {
    $s->touch('list', 1000 + $i);
}
var_dump($s->ttl('list') > 20_000, $other->ttl('list') > 20_000, $other->list === range(1, 10), $s->list === range(1, 10));
$other->list[] = 11;
var_dump(count($s->list), $s->ttl('list') > 20_000, array_keys((array) $s->getData()) === array_keys($values));
foreach ([0, -1, DateInterval::createFromDateString('1 day ago')] as $gone) {
    $s->n = 1;
    var_dump($other->touch('n', $gone), $s->n, $other->touch('n', 5));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
bool(false)
NULL
bool(false)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(false)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
NULL
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
int(11)
bool(true)
bool(true)
bool(true)
NULL
bool(false)
bool(true)
NULL
bool(false)
bool(true)
NULL
bool(false)
