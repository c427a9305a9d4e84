--TEST--
A stored property that the class does not have is a deprecation or an Error, as with unserialize
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Plain
{
}
readonly class NoDynamic
{
}
set_error_handler(function ($level, $message) {
    echo $level === E_DEPRECATED ? 'deprecated' : $level, ": $message\n";
});
var_dump(forged("\x92\xc7\x05\x01Plain\x81\xa1p\x01"));
attempt(fn () => forged("\x92\xc7\x09\x01NoDynamic\x81\xa1p\x01"));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
deprecated: Creation of dynamic property Plain::$p is deprecated
object(Plain)#%d (1) {
  ["p"]=>
  int(1)
}
SyncException: Can't read property 'x' of '{dir}/forged': Cannot create dynamic property NoDynamic::$p. It stays until it is set anew or removed; an object with allowedClasses: false reads it without its class.
