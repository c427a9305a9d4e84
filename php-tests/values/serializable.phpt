--TEST--
Serializable objects are stored by the string that they return, null and failures included
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Old implements Serializable
{
    public $value;

    function __construct($value = null)
    {
        $this->value = $value;
    }

    function serialize()
    {
        return $this->value === 'null' ? null : ($this->value === 'bad' ? 5 : serialize($this->value));
    }

    function unserialize($data)
    {
        $this->value = unserialize($data);
    }
}
class Both extends Old
{
    function __serialize(): array
    {
        return ['v' => $this->value];
    }

    function __unserialize(array $data): void
    {
        $this->value = $data['v'];
    }
}
comes_back('a value', new Old([1, "\xff", new Old('inner')]));
$twice = new Old('twice');
comes_back('twice', [$twice, $twice]);
comes_back('null', [new Old('null'), 1]);
$null = new Old('null');
comes_back('null twice', [$null, $null, &$null]);
comes_back('bad', [new Old('bad')]);
comes_back('both', new Both(5));
$s = new Sync(scratch());
$s->x = new Old(new Old('deep'));
var_dump((new Sync(scratch()))->x);
// A class that implements Serializable now was a plain one when the object was stored.
attempt(fn () => forged("\x92\xc7\x03\x01Old\x80"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
object(Old)#%d (1) {
  ["value"]=>
  object(Old)#%d (1) {
    ["value"]=>
    string(4) "deep"
  }
}
SyncException: Can't read property 'x' of '{dir}/forged': A stored object of 'Old' has not the form that its class reads. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
