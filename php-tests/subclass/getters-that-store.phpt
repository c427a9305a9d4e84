--TEST--
A method that reads a property may store the same one: the statement is about what it returns, and asks it once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

trait Counts
{
    public int $calls = 0;
}
$classes = [
    '__get() that counts' => new class (scratch()) extends Sync {
        use Counts;

        public function __get($name)
        {
            $this->calls++;
            $value = parent::__get($name);
            $value['reads'] = ($value['reads'] ?? 0) + 1;
            parent::__set($name, $value);
            return $value;
        }
    },
    'get() that counts' => new class (scratch()) extends Sync {
        use Counts;

        public function get($name, $default = null)
        {
            $this->calls++;
            $value = parent::get($name, $default);
            $value['reads'] = ($value['reads'] ?? 0) + 1;
            parent::set($name, $value);
            return $value;
        }
    },
    '__get() that writes into it' => new class (scratch()) extends Sync {
        use Counts;

        public function __get($name)
        {
            $this->calls++;
            $this->$name['reads'] = ($this->$name['reads'] ?? 0) + 1;
            return parent::__get($name);
        }
    },
    '__get() that fills it' => new class (scratch()) extends Sync {
        use Counts;

        public function __get($name)
        {
            $this->calls++;
            $value = parent::__get($name);
            if (!isset($value['reads'])) {
                $value['reads'] = 1;
                parent::__set($name, $value);
            }
            return $value;
        }
    },
];
$statements = [
    '$s->a["k"] = 1', '$s->a["k"]["j"] = 1', '$s->a["k"][] = 1', '$s->a["k"]["j"]["i"] = 1', '$s["a"]["k"]["j"] = 1', '@$s->a["k"]["j"] += 1',
    '$s->a["m"]["j"] = 1', 'unset($s->a["m"]["u"])', '$s->a["o"]->p = 1', '$s->a["o"]->q["r"] = 1', '[$s->a["k"]["j"]] = [1]',
];
$plain = new Sync(scratch());
foreach ($classes as $title => $object) {
    foreach ($statements as $statement) {
        $plain->a = ['m' => ['u' => 1], 'o' => new stdClass()];
        $s = $plain;
        eval("$statement;");
        $expected = $plain->a;
        $expected['reads'] = 1;
        $plain->a = ['m' => ['u' => 1], 'o' => new stdClass()];
        $s = $object;
        $object->calls = 0;
        eval("$statement;");
        if ($plain->a != $expected || $object->calls !== 1) {
            echo "$title, $statement: $object->calls calls, ", json_encode($plain->a), "\n";
        }
    }
}

/** Stores something each time that it is made. */
class Restless
{
    public static ?Sync $sync = null;
    public static int $times = 0;
    public int $x = 1;

    public function __wakeup(): void
    {
        if ($sync = self::$sync) {
            self::$sync = null;
            $sync->a['woken'] = ++self::$times;
            self::$sync = $sync;
        }
    }
}
foreach (['$s->a["k"]["j"] = 1', '$s->a["o"]->x++', 'unset($s->a["m"]["u"])', '@$s->a["m"]["n"]["q"] .= "x"'] as $statement) {
    $s = new Sync(scratch());
    $s->a = ['m' => ['u' => 1], 'o' => new Restless()];
    Restless::$sync = $s;
    Restless::$times = 0;
    eval("$statement;");
    Restless::$sync = null;
    echo "$statement: ", Restless::$times, ' times, ', json_encode($s->a), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
$s->a["k"]["j"] = 1: 2 times, {"m":{"u":1},"o":{"x":1},"woken":1,"k":{"j":1}}
$s->a["o"]->x++: 2 times, {"m":{"u":1},"o":{"x":2},"woken":1}
unset($s->a["m"]["u"]): 2 times, {"m":[],"o":{"x":1},"woken":1}
@$s->a["m"]["n"]["q"] .= "x": 2 times, {"m":{"u":1,"n":{"q":"x"}},"o":{"x":1},"woken":1}
