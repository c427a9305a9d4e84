--TEST--
User code that runs inside of a nested write may give up the reference through which the statement acts
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Holder
{
    public static ?Holder $last = null;
    public ?int $typed = 1;
    public mixed $map = [];

    public function __wakeup(): void
    {
        self::$last = $this;
    }
}

final class Text
{
    public function __toString(): string
    {
        leave();
        return '5';
    }
}

function leave(): bool
{
    Holder::$last->map = null;
    unset(Holder::$last->typed);
    $GLOBALS['junk'] = [range(1, 8), str_repeat('j', 30)];
    return true;
}

set_error_handler(leave(...));
$statements = [
    "\$s->o->map['typed'] .= new Text()",
    "\$s->o->map['typed'] += '5 apples'",
    "\$s->o->map['typed'] = '7'",
    "\$s->o->map['list'][1.5] = 1",
    "\$s->o->map['list']['new'][] = 1",
    "\$s->o->map['list']['new'] .= 'text'",
    "\$s->o->map['text'][1] = 'long'",
    "\$s->o->map['text'] .= new Text()",
];
foreach ($statements as $statement) {
    $s = new Sync(scratch());
    $o = new Holder();
    [$list, $text] = [['k' => 1], str_repeat('ab', 3)];
    $o->map = ['typed' => &$o->typed, 'list' => &$list, 'same' => &$list, 'text' => &$text, 'same text' => &$text];
    $s->o = $o;
    unset($o, $list, $text);
    $result = eval("return $statement;");
    $o = $s->o;
    echo $statement, ': ', json_encode($result), ', ', json_encode([$o->map, $o->typed ?? null]), "\n";
    unset($o);
    Holder::$last = null;
    $s->destroy();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$s->o->map['typed'] .= new Text(): "15", [null,1]
$s->o->map['typed'] += '5 apples': 6, [null,1]
$s->o->map['typed'] = '7': "7", [{"typed":7,"list":{"k":1},"same":{"k":1},"text":"ababab","same text":"ababab"},7]
$s->o->map['list'][1.5] = 1: 1, [null,1]
$s->o->map['list']['new'][] = 1: 1, [{"typed":1,"list":{"k":1,"new":[1]},"same":{"k":1,"new":[1]},"text":"ababab","same text":"ababab"},1]
$s->o->map['list']['new'] .= 'text': "text", [null,1]
$s->o->map['text'][1] = 'long': "long", [null,1]
$s->o->map['text'] .= new Text(): "ababab5", [null,1]
