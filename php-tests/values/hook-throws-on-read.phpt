--TEST--
An exception from __wakeup or __unserialize reaches the reader; the destructor of a half-made object does not run
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Part
{
    function __construct(public $name, public $throws = false)
    {
    }

    function __serialize(): array
    {
        return [$this->name, $this->throws];
    }

    function __unserialize(array $data): void
    {
        [$this->name, $this->throws] = $data;
        echo "unserialize $this->name\n";
        if ($this->throws) {
            throw new DomainException($this->name);
        }
    }

    function __destruct()
    {
        echo "destruct $this->name\n";
    }
}
class Waker extends Plain
{
    function __wakeup()
    {
        throw new LogicException('awake');
    }
}
class Plain
{
    function __destruct()
    {
        echo "destruct ", static::class, "\n";
    }
}
$s = new Sync(scratch());
foreach ([[new Part('first'), new Part('second', true), new Part('third')], [new Plain, new Waker]] as $value) {
    $values[] = $value;
    $serialized = serialize($value);
    $s->x = $value;
    echo "unserialize:\n";
    attempt(fn () => unserialize($serialized));
    echo "read:\n";
    attempt(fn () => (new Sync(scratch()))->x);
}
echo "the end:\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
unserialize:
unserialize first
unserialize second
destruct first
DomainException: second
read:
unserialize first
unserialize second
destruct first
DomainException: second
unserialize:
destruct Plain
LogicException: awake
read:
destruct Plain
LogicException: awake
the end:
destruct first
destruct second
destruct third
destruct Plain
destruct Waker
