--TEST--
$sync[$object] = $x stores the value of $x as it was, also where the object's __toString changes or unsets $x
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

final class Offset
{
    public function __construct(private string $name, private Closure $do)
    {
    }

    public function __toString(): string
    {
        ($this->do)();
        $GLOBALS['junk'] = [str_repeat('j', 40), range(1, 9)];
        return $this->name;
    }
}

$s = new Sync(scratch());
$x = ['value' => getmypid()];
$reference = &$x;
unset($reference);
$s[new Offset('unset', function () {
    unset($GLOBALS['x']);
})] = $x;
$x = ['value' => getmypid()];
$s[new Offset('changed', fn () => $GLOBALS['x'] = [])] = $x;
var_dump($s->unset === ['value' => getmypid()], $s->changed === ['value' => getmypid()]);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
