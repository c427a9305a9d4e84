--TEST--
An interval that is not numeric or below 5000 is refused, whatever its type
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['array' => [], 'object' => new stdClass, 'text' => 'abc', 'empty' => '', 'null' => null, 'false' => false,
    'zero' => 0, 'minus one' => -1, '4999' => 4999, '4999.9' => 4999.9, '"4999"' => '4999', '"5000us"' => '5000us'] as $what => $interval) {
    echo str_pad($what, 12);
    attempt(fn () => $s->lock(1, $interval));
}
(new Sync(scratch()))->set('x', 'not locked');
echo $s->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array       SyncException: Lock check interval should be an integer greater or equals to 5000.
object      SyncException: Lock check interval should be an integer greater or equals to 5000.
text        SyncException: Lock check interval should be an integer greater or equals to 5000.
empty       SyncException: Lock check interval should be an integer greater or equals to 5000.
null        SyncException: Lock check interval should be an integer greater or equals to 5000.
false       SyncException: Lock check interval should be an integer greater or equals to 5000.
zero        SyncException: Lock check interval should be an integer greater or equals to 5000.
minus one   SyncException: Lock check interval should be an integer greater or equals to 5000.
4999        SyncException: Lock check interval should be an integer greater or equals to 5000.
4999.9      SyncException: Lock check interval should be an integer greater or equals to 5000.
"4999"      SyncException: Lock check interval should be an integer greater or equals to 5000.
"5000us"    SyncException: Lock check interval should be an integer greater or equals to 5000.
not locked
