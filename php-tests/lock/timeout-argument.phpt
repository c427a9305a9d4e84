--TEST--
A timeout that is not numeric or below 0 is refused, whatever its type
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['array' => [], 'object' => new stdClass, 'closure' => fn () => 1, 'text' => 'abc', 'empty' => '', 'null' => null,
    'true' => true, 'minus one' => -1, 'minus a half' => -0.5, '"-1"' => '-1', '"5 seconds"' => '5 seconds'] as $what => $timeout) {
    echo str_pad($what, 14);
    attempt(fn () => $s->lock($timeout));
}
var_dump(scratch_exists());
(new Sync(scratch()))->set('x', 'not locked');
echo $s->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array         SyncException: Lock timeout should be an integer greater or equals to 0.
object        SyncException: Lock timeout should be an integer greater or equals to 0.
closure       SyncException: Lock timeout should be an integer greater or equals to 0.
text          SyncException: Lock timeout should be an integer greater or equals to 0.
empty         SyncException: Lock timeout should be an integer greater or equals to 0.
null          SyncException: Lock timeout should be an integer greater or equals to 0.
true          SyncException: Lock timeout should be an integer greater or equals to 0.
minus one     SyncException: Lock timeout should be an integer greater or equals to 0.
minus a half  SyncException: Lock timeout should be an integer greater or equals to 0.
"-1"          SyncException: Lock timeout should be an integer greater or equals to 0.
"5 seconds"   SyncException: Lock timeout should be an integer greater or equals to 0.
bool(false)
not locked
