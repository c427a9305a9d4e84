--TEST--
compareAndSet() tells whether it is the expected value that no store can have, or the new one that cannot be stored
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Own extends Sync
{
    public function get(mixed $name, mixed $default = null): mixed
    {
        return parent::get($name, $default);
    }
}
$closure = fn () => 1;
foreach ([new Sync(scratch()), new Own(scratch())] as $s) {
    $s->a = 1;
    attempt(fn () => $s->compareAndSet('a', $closure, 2));
    attempt(fn () => $s->compareAndSet('a', ['deep' => [$closure]], 2));
    attempt(fn () => $s->compareAndSet('a', 1, $closure));
    attempt(fn () => $s->compareAndSet('a', $closure, $closure));
    var_dump($s->a);
}
try {
    $s->compareAndSet('a', $closure, 2);
} catch (SyncException $e) {
    echo get_class($e->getPrevious()), ': ', $e->getPrevious()->getMessage(), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed: ['deep'][0] is a Closure. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed. No value in a store can be equal to the expected one: expect a value that can be stored.
int(1)
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed: ['deep'][0] is a Closure. No value in a store can be equal to the expected one: expect a value that can be stored.
SyncException: Can't store property 'a' in '{dir}/store': Serialization of 'Closure' is not allowed
SyncException: Can't compare property 'a' of '{dir}/store': Serialization of 'Closure' is not allowed. No value in a store can be equal to the expected one: expect a value that can be stored.
int(1)
Exception: Serialization of 'Closure' is not allowed
