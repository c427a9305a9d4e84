--TEST--
A value that cannot be stored is an exception, and changes nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 'before';
foreach (['a closure' => fn () => 1, 'nested' => [1, [fn () => 1]], 'anonymous' => new class {}, 'generator' => (fn () => yield)()] as $what => $value) {
    try {
        $s->x = $value;
        echo "$what was stored\n";
    } catch (Exception $e) {
        echo "$what: refused\n";
    }
}
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a closure: refused
nested: refused
anonymous: refused
generator: refused
string(6) "before"
