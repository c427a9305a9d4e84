--TEST--
The engine makes no lazy objects of Sync and its subclasses
--SKIPIF--
<?php
if (PHP_VERSION_ID < 80400) die('skip lazy objects came with PHP 8.4');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Sub extends Sync
{
    public $declared = 1;
}
foreach ([Sync::class, Sub::class] as $class) {
    $reflection = new ReflectionClass($class);
    attempt(fn () => $reflection->newLazyGhost(fn ($o) => $o->__construct(scratch())));
    attempt(fn () => $reflection->newLazyProxy(fn () => new $class(scratch())));
    attempt(fn () => $reflection->resetAsLazyGhost(new $class(scratch()), fn () => null));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
Error: %slazy%s
Error: %slazy%s
Error: %slazy%s
Error: %slazy%s
Error: %slazy%s
Error: %slazy%s
