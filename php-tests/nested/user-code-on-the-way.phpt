--TEST--
User code that runs inside of a nested write may change or free what the statement acts in, where that is in an object that it can reach
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

class Holder
{
    public static ?Holder $last = null;
    public mixed $map;

    public function __construct(array $map)
    {
        $this->map = $map;
    }

    public function __wakeup(): void
    {
        self::$last = $this;
    }
}

final class Text
{
    public static ?Closure $do = null;

    public function __toString(): string
    {
        (self::$do)();
        return 'zz';
    }
}

$deeds = [
    'null' => fn (Holder $o) => $o->map = null,
    'another' => fn (Holder $o) => $o->map = ['another'],
    'without it' => function (Holder $o) {
        unset($o->map['x']);
    },
    'text for it' => fn (Holder $o) => $o->map['x'] = 'text',
    'more beside it' => fn (Holder $o) => $o->map += array_fill(0, 3, 'more'),
    'more in it' => fn (Holder $o) => @$o->map['x']['more'] = 1,
    'a reference' => function (Holder $o) {
        static $references = [];
        $references[] = &$o->map;
    },
];
$statements = [
    "\$s->o->map['x'][1.5] = 2" => ['k' => 1],
    "\$s->o->map['x'][1.5]['deep'][] = 2" => ['k' => 1],
    "\$s->o->map['x'][][1.5] = 2" => ['k' => 1],
    "\$s->o->map['x'][STDIN] = 2" => ['k' => 1],
    "\$s->o->map['x']['new'] .= 'text'" => ['k' => 1],
    "\$s->o->map['x']['k'] += '5 apples'" => ['k' => 1],
    "\$s->o->map['x']['k'] .= new Text()" => ['k' => str_repeat('ab', 3)],
    "\$s->o->map['x']['k'][1] = 'long'" => ['k' => str_repeat('ab', 3)],
    "\$s->o->map['x']['k'][1] = new Text()" => ['k' => str_repeat('ab', 3)],
    "unset(\$s->o->map['x'][1.5])" => ['k' => 1, 1 => 2],
    "\$s->o->map['x']['y'] = 2" => false,
    "\$s->o->map['x']['y']['z'] = 2" => false,
];
foreach ($statements as $statement => $value) {
    echo $statement, ' of ', json_encode($value), "\n";
    foreach ($deeds as $what => $deed) {
        $s = new Sync(scratch());
        $s->o = new Holder(['x' => $value]);
        $times = 0;
        Text::$do = function () use ($deed, &$times) {
            if (!$times++) {
                $deed(Holder::$last);
                // (The freed memory is used again.)
                $GLOBALS['junk'] = [range(1, 8), str_repeat('j', 30)];
            }
        };
        set_error_handler(fn () => (Text::$do)() ?? true);
        try {
            eval("$statement;");
        } catch (Throwable $e) {
            echo get_class($e), ': ', $e->getMessage(), ', ';
        }
        restore_error_handler();
        echo "  $what: ", $times ? '' : 'not run, ', json_encode($s->o->map), "\n";
        $s->destroy();
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$s->o->map['x'][1.5] = 2 of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1,"1":2},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1,"1":2}}
  a reference: {"x":{"k":1,"1":2}}
$s->o->map['x'][1.5]['deep'][] = 2 of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1,"1":{"deep":[2]}},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1,"1":{"deep":[2]}}}
  a reference: {"x":{"k":1,"1":{"deep":[2]}}}
$s->o->map['x'][][1.5] = 2 of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1,"0":{"1":2}},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1,"0":{"1":2}}}
  a reference: {"x":{"k":1,"0":{"1":2}}}
$s->o->map['x'][STDIN] = 2 of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1,"1":2},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1,"1":2}}
  a reference: {"x":{"k":1,"1":2}}
$s->o->map['x']['new'] .= 'text' of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1,"new":"text"},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1,"new":"text"}}
  a reference: {"x":{"k":1,"new":"text"}}
$s->o->map['x']['k'] += '5 apples' of {"k":1}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":6},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":6,"more":1}}
  a reference: {"x":{"k":6}}
$s->o->map['x']['k'] .= new Text() of {"k":"ababab"}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":"abababzz"},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":"abababzz","more":1}}
  a reference: {"x":{"k":"abababzz"}}
$s->o->map['x']['k'][1] = 'long' of {"k":"ababab"}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":"alabab"},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":"alabab","more":1}}
  a reference: {"x":{"k":"alabab"}}
$s->o->map['x']['k'][1] = new Text() of {"k":"ababab"}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":"azabab"},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":"azabab","more":1}}
  a reference: {"x":{"k":"azabab"}}
unset($s->o->map['x'][1.5]) of {"k":1,"1":2}
  null: null
  another: ["another"]
  without it: []
  text for it: {"x":"text"}
  more beside it: {"x":{"k":1},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"k":1,"more":1}}
  a reference: {"x":{"k":1}}
$s->o->map['x']['y'] = 2 of false
  null: null
  another: {"0":"another","x":{"y":2}}
  without it: {"x":{"y":2}}
  text for it: {"x":"text"}
  more beside it: {"x":{"y":2},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"more":1,"y":2}}
  a reference: {"x":{"y":2}}
$s->o->map['x']['y']['z'] = 2 of false
  null: null
  another: {"0":"another","x":{"y":{"z":2}}}
  without it: {"x":{"y":{"z":2}}}
  text for it: {"x":"text"}
  more beside it: {"x":{"y":{"z":2}},"0":"more","1":"more","2":"more"}
  more in it: {"x":{"more":1,"y":{"z":2}}}
  a reference: {"x":{"y":{"z":2}}}
