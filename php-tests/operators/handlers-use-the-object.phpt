--TEST--
An operator is applied once, to the value as it was, whatever an error handler or __toString does to the same object meanwhile
--FILE--
<?php
/*
 * Each statement runs on a stdClass and on Syncs, by ->name, by ['name'] and in a subclass that overrides how it is
 * read and written; each time user code that runs in the middle of it does one of several things to the very object.
 */
require __DIR__ . '/../include/scratch.inc';

class Passing extends Sync
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }

    public function __set($name, $value)
    {
        parent::__set($name, $value);
    }
}

class Text
{
    public static ?Closure $asked = null;

    public function __toString(): string
    {
        (self::$asked)('__toString');
        return 'x';
    }
}

$statements = [
    '$o->n += "5 apples"', '$o->n -= "5 apples"', '$o->n *= "5 apples"', '$o->n /= "5 apples"', '$o->n %= "5 apples"', '$o->n **= "2 apples"',
    '$o->n <<= "1 apple"', '$o->n >>= "1 apple"', '$o->n |= "5 apples"', '$o->n &= "6 apples"', '$o->n ^= "5 apples"', '$o->n %= 3.5', '$o->f |= 1',
    '$o->n .= [1]', '$o->n .= new Text', '$o->t .= new Text', '$o->t += 1', '$o->null .= new Text',
    '$o->a["n"] += "5 apples"', '$o->a["n"] **= "2 apples"', '$o->a["n"] %= 3.5', '$o->a["f"] &= 7', '$o->a["t"] .= new Text', '$o->a["t"] += 1', '$o->a["d"]["n"] += "5 apples"',
    '$o->a["d"]["n"] .= [1]', '$o->a[0] -= "1 apple"', '$o->a["null"] .= new Text', '$o->object->p += "5 apples"', '$o->object->a["n"] += "5 apples"',
    '$o->elements["n"] += "5 apples"', '$o->elements["a"]["n"] .= new Text', '$o->a["missing"] += 1', '$o->a["missing"]["deeper"] .= new Text', '$o->a["missing"]++',
    '++$o->a["missing"]["deeper"]', '$o->a["d"]["missing"]--',
];
$deeds = [
    'nothing' => fn (object $o) => null,
    'read everything' => fn (object $o) => [$o->n, $o->f, $o->t, $o->null, count($o->a), $o->object->p, $o->elements['n']],
    'write something else, and read' => function (object $o) {
        $o->other++;
        count($o->a);
        $o->more['n'] += 1;
        count($o->a) + $o->n;
    },
    'write the same' => function (object $o) {
        $o->n = 100;
        $o->f = 100.5;
        $o->t = '100';
        $o->null = 100;
    },
    'write the same element' => function (object $o) {
        $o->a['n'] = 100;
        $o->a['t'] = '100';
        $o->a['d']['n'] = 100;
        $o->a[0] = 100;
        $o->object->p = 100;
        $o->object->a['n'] = 100;
        $o->elements['n'] = 100;
    },
    'write beside it' => function (object $o) {
        $o->a['m'] = 100;
        $o->a['d']['m'] = 100;
        $o->object->q = 100;
        $o->object->a['m'] = 100;
        $o->elements['m'] = 100;
        $o->more['m'] = 100;
    },
    'do the same to something else' => function (object $o) {
        $o->other .= new Text;
        $o->more['n'] .= '!';
        $o->more['list'][] = 1;
    },
    'throw' => fn (object $o) => throw new Exception('thrown'),
];

/** The errors, the result and the exception of a statement, and the values afterwards. */
function outcome(object $o, string $statement, Closure $deed): array
{
    $o->n = 10;
    $o->f = 10.5;
    $o->t = '10 pears';
    $o->null = null;
    $o->a = ['n' => 10, 'f' => 10.5, 't' => '10 pears', 'd' => ['n' => 20], 30, 'null' => null];
    $o->object = (object) ['p' => 40, 'a' => ['n' => 50]];
    $o->elements = new ArrayObject(['n' => 60, 'a' => ['n' => 70]]);
    $o->other = 0;
    $o->more = ['n' => 0, 'list' => []];
    if (mt_rand(0, 1)) {
        [$o->n, $o->a];
    }
    $seen = [];
    $busy = false;
    Text::$asked = $heard = function (string $what) use ($o, $deed, &$seen, &$busy) {
        if (!$busy) {
            $seen[] = $what;
            $busy = true;
            $deed($o);
            $busy = false;
        }
    };
    set_error_handler(function (int $kind, string $message) use ($heard) {
        $heard($message);
        return true;
    });
    try {
        $seen[] = eval("return $statement;");
    } catch (Throwable $e) {
        $seen[] = get_class($e) . ': ' . $e->getMessage();
    }
    restore_error_handler();
    $seen[] = $o instanceof Sync ? [$o->getData(), clone $o->getData()] : [$o, $o];
    $seen[] = [$o->n, $o->a, $o->object, $o->elements];
    return $seen;
}

foreach ($statements as $statement) {
    foreach ($deeds as $what => $deed) {
        // In a stdClass, a write into the array during the warning of a missing key replaces the statement's own.
        if (str_contains($statement, 'missing') && $what === 'write the same element' || str_contains($statement, 'missing') && $what === 'write beside it') {
            continue;
        }
        $expected = print_r(outcome(new stdClass, $statement, $deed), true);
        $cases = [[new Sync(scratch('a')), $statement], [new Sync(scratch('b')), preg_replace('/->(\w+)/', '["$1"]', $statement, 1)], [new Passing(scratch('c')), $statement]];
        foreach ($cases as [$s, $by]) {
            $seen = print_r(outcome($s, $by, $deed), true);
            $s->destroy();
            if ($seen !== $expected) {
                echo get_class($s), ': ', $by, ', ', $what, ":\n", $expected, "\n", $seen, "\n";
            }
        }
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
