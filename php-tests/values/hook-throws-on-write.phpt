--TEST--
An exception out of a hook leaves the store as it was, and no exception is lost
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Thrower
{
    function __construct(public $how)
    {
    }

    function __serialize(): array
    {
        throw new DomainException("not $this->how");
    }
}
class Insomniac
{
    function __sleep()
    {
        throw new DomainException('not asleep');
    }
}
class Warned
{
    function __sleep()
    {
        return ['missing'];
    }
}
class Old implements Serializable
{
    function serialize()
    {
        throw new DomainException('not old');
    }

    function unserialize($data)
    {
    }
}
$s = new Sync(scratch());
$s->x = ['before'];
$s->other = 1;
attempt(fn () => $s->x = new Thrower('alone'));
attempt(fn () => $s->x = [1, ['a' => new Thrower('nested')], 2]);
attempt(fn () => $s->x = [new Insomniac]);
attempt(fn () => $s->x = (object) ['o' => new Old]);
attempt(fn () => $s->setData((object) ['x' => 'changed', 'y' => new Thrower('in setData')]));
set_error_handler(fn ($level, $message) => throw new ErrorException($message));
attempt(fn () => $s->x = [new Warned]);
var_dump($s->getData() == (object) ['x' => ['before'], 'other' => 1]);
// The object stays usable.
$s->x = 'after';
var_dump((new Sync(scratch()))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
DomainException: not alone
DomainException: not nested
DomainException: not asleep
DomainException: not old
DomainException: not in setData
ErrorException: "missing" returned as member variable from __sleep() but does not exist
bool(true)
string(5) "after"
