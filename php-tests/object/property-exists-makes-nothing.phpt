--TEST--
property_exists() makes no object of the value that it is asked about, and sees that one has expired
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Refuses
{
    function __wakeup()
    {
        throw new Exception('made');
    }
}
$s = new Sync(scratch());
$s->object = new Refuses;
$s->inside = [[new Refuses]];
$s->string = str_repeat('x', 1000);
$s->put('gone', 1, 0.001);
var_dump(property_exists($s, 'object'), property_exists($s, 'inside'), property_exists($s, 'string'));
while (isset($s->gone));
var_dump(property_exists($s, 'gone'), property_exists($s, "\0name"));
attempt(fn () => $s->object);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(false)
bool(false)
Exception: made
