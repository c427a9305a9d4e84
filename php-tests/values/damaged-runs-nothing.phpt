--TEST--
Reading a damaged value runs neither hooks nor destructors of the objects made so far
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Loud
{
    public $a;
    public $b;

    function __wakeup()
    {
        echo "wakeup\n";
    }

    function __destruct()
    {
        echo "destruct\n";
    }
}
class Louder extends Loud
{
    function __unserialize(array $data): void
    {
        echo "unserialize\n";
    }
}
$loud = "\x92\xc7\x04\x01Loud\x81\xa1a\x01";
$louder = "\x92\xc7\x06\x01Louder\x81\xa1a\x01";
// Two whole objects, then a byte that begins no value.
attempt(fn () => forged("\x93$loud$louder\xc1"));
// The array claims more elements than there are.
attempt(fn () => forged("\x95$loud$louder\x01"));
// The value ends in the middle of an object.
attempt(fn () => forged("\x93$loud$louder\x92\xc7\x04\x01Loud\x82\xa1a\x01\xa1b\xc1"));
attempt(fn () => forged("\x92$louder\x92\xc7\x06\x01Louder\x82\xa1a$loud\xa1b\xc1"));
// The same property twice: the first value is released.
var_dump(forged("\x92\xc7\x00\x01\x82\xa1a\x92\xc7\x00\x01\x80\xa1a\x02"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it is not MessagePack. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it ends too early. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it is not MessagePack. It stays until it is set anew or removed, or the store is restored from a copy.
SyncException: Can't read property 'x' of '{dir}/forged': A stored value is damaged: it is not MessagePack. It stays until it is set anew or removed, or the store is restored from a copy.
object(stdClass)#%d (1) {
  ["a"]=>
  int(2)
}
