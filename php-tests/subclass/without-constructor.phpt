--TEST--
An object made by reflection without its constructor gets an Error at first use
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = (new ReflectionClass('Sync'))->newInstanceWithoutConstructor();
try {
    $s->x = 1;
} catch (Error $e) {
    echo get_class($e), "\n";
}
$s->__construct(scratch());
$s->x = 1;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Error
int(1)
