--TEST--
__sleep chooses properties, with the warnings of serialize; __wakeup runs when all is in place
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

class Base
{
    private $hidden = 'of Base';
}
class Sleeper extends Base
{
    public $a = 1;
    protected $b = 2;
    private $c = 3;
    public $left = 'out';
    public int $typed;
    public static $names = [];

    function __sleep()
    {
        return self::$names;
    }

    function __wakeup()
    {
        $this->left = 'woken';
    }
}
set_error_handler(function ($level, $message) use (&$messages) {
    $messages[] = "$level " . preg_replace('/^\w+\(\): /', '', $message);
    return true;
});
$lists = [
    ['a', 'b', 'c'], ['c', 'a'], [], ['typed'], ['a', 'a'], ['missing'], ['a', 'missing', 'b'], ['hidden'], ["\0Base\0hidden"],
    ["\0*\0b"], [5], [null, 'a'], 'no array', null, [['a']],
];
$s = new Sync(scratch());
foreach ($lists as $names) {
    Sleeper::$names = $names;
    $messages = [];
    $expected = serialize(new Sleeper);
    $expectedMessages = $messages;
    $messages = [];
    $s->x = new Sleeper;
    $ok = $messages === $expectedMessages;
    Sleeper::$names = ['a', 'b', 'c', 'left', 'typed'];
    $ok = $ok && serialize($s->x) === serialize(unserialize($expected));
    echo json_encode($names), $ok ? ": as serialize\n" : ": $expected\n" . print_r([$expectedMessages, $messages], true);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
["a","b","c"]: as serialize
["c","a"]: as serialize
[]: as serialize
["typed"]: as serialize
["a","a"]: as serialize
["missing"]: as serialize
["a","missing","b"]: as serialize
["hidden"]: as serialize
["\u0000Base\u0000hidden"]: as serialize
["\u0000*\u0000b"]: as serialize
[5]: as serialize
[null,"a"]: as serialize
"no array": as serialize
null: as serialize
[["a"]]: as serialize
