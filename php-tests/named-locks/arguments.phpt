--TEST--
Arguments of the wrong type or range are errors, and no lock is taken
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
attempt(fn () => $s->tryLock([]));
attempt(fn () => $s->tryLock('a', -1));
attempt(fn () => $s->tryLock('a', NAN));
attempt(fn () => $s->tryLock('a', 'soon'));
attempt(fn () => $s->synchronized('no function'));
attempt(fn () => $s->synchronized(fn () => 1, 'a', -0.5));
attempt(fn () => $s->release([]));
var_dump(is_int($s->tryLock(5, INF)), is_int($s->tryLock('a', '0.5')), scratch_exists());
foreach (['tryLock', 'release', 'synchronized', 'stats'] as $method) {
    $method = new ReflectionMethod('Sync', $method);
    echo $method->getName(), '(', implode(', ', $method->getParameters()), '): ', $method->getReturnType(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
TypeError: Sync::tryLock(): Argument #1 ($name) must be of type ?string, array given
ValueError: Sync::tryLock(): Argument #2 ($timeout) must be greater than or equal to 0
ValueError: Sync::tryLock(): Argument #2 ($timeout) must be greater than or equal to 0
TypeError: Sync::tryLock(): Argument #2 ($timeout) must be of type ?float, string given
TypeError: Sync::synchronized(): Argument #1 ($fn) must be a valid callback, %s
ValueError: Sync::synchronized(): Argument #3 ($timeout) must be greater than or equal to 0
TypeError: Sync::release(): Argument #1 ($name) must be of type ?string, array given
bool(true)
bool(true)
bool(true)
tryLock(Parameter #0 [ <optional> ?string $name = null ], Parameter #1 [ <optional> ?float $timeout = 0.0 ]): int|false
release(Parameter #0 [ <optional> ?string $name = null ]): static
synchronized(Parameter #0 [ <required> callable $fn ], Parameter #1 [ <optional> ?string $name = null ], Parameter #2 [ <optional> ?float $timeout = null ]): mixed
stats(): array
