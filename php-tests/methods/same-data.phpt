--TEST--
Methods, properties and array access see the same values
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->set('a', 1);
$s->b = 2;
$s['c'] = 3;
foreach (['a', 'b', 'c'] as $name) {
    var_dump([$s->get($name), $s->$name, $s[$name]] === array_fill(0, 3, ord($name) - 96));
    var_dump($s->has($name) && isset($s->$name) && isset($s[$name]));
}
unset($s->a, $s['b']);
$s->remove('c');
var_dump(get_object_vars($s->getData()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
array(0) {
}
