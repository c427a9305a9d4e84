--TEST--
A Sync in a static property, a global or a constant lives to the end of the request, as any object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Holder
{
    public static ?Sync $sync = null;
    public ?Sync $own = null;
}
Holder::$sync = new Sync(scratch());
Holder::$sync->list[] = 1;
Holder::$sync->n ??= 5;
Holder::$sync->n++;
$holder = new Holder;
$holder->own = new Sync(scratch());
$holder->own->map['a']['b'] = 1;
define('SHARED', $holder->own);
echo json_encode(SHARED), "\n";
Holder::$sync->lock();
SHARED->getFile();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"list":[1],"n":6,"map":{"a":{"b":1}}}
