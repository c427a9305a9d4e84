--TEST--
reset(), next(), current() and end() walk over a Sync as they do over a stdClass
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

error_reporting(E_ALL & ~E_DEPRECATED);
foreach ([new stdClass, new Sync(scratch())] as $o) {
    $o->a = 1;
    $o->b = 2;
    $o->c = 3;
    for ($value = reset($o), $steps = 0; $value !== false && $steps < 10; $value = next($o), $steps++) {
        echo key($o), '=', $value, '=', current($o), ' ';
        (array) $o;
    }
    var_dump(key($o), end($o), prev($o), key($o));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a=1=1 b=2=2 c=3=3 NULL
int(3)
int(2)
string(1) "b"
a=1=1 b=2=2 c=3=3 NULL
int(3)
int(2)
string(1) "b"
