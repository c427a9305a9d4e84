--TEST--
Comparing objects with declared properties that refer back to them ends as it does for any class
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Linked extends Sync
{
    public ?Linked $peer = null;
}
$a = new Linked(scratch());
$b = new Linked(scratch());
var_dump($a == $b);
$a->peer = $b;
var_dump($a == $b);
$b->peer = $a;
var_dump($a == $b);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
bool(true)
bool(false)

Fatal error: %SNesting level too deep - recursive dependency? in %a
