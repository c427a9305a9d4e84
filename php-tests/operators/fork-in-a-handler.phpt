--TEST--
A handler that forks runs once in the middle of a statement: the parent completes the statement; the child does so only where the parent does not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** User code that runs in the middle of a conversion or a serialization. */
final class Middle
{
    public static ?Closure $do = null;

    public function __toString(): string
    {
        (self::$do)();
        return '1';
    }

    public function __serialize(): array
    {
        (self::$do)();
        return [];
    }
}

final class Overriding extends Sync
{
    public function get($name, $default = null)
    {
        return parent::get($name, $default);
    }

    public function set($name, $value)
    {
        return parent::set($name, $value);
    }
}

$statements = [
    '$s->n += "1 apple"', '$s->n .= new Middle', '$s["n"] += "1 apple"', '$s->a["n"] += "1 apple"', '$s->a["n"] .= new Middle', '$s->a["d"]["n"] -= "-1 apples"',
    '$s->object->p += "1 apple"', '$s->a["missing"] = $s->a["n"] + "1 apple"', '$s->a["missing"]++', '$s->list[] = new Middle', '$s->map["k"] = new Middle', '$s->objects[] = new Middle',
];
$forks = [
    'both go on' => function () use (&$child, &$times) {
        $times++;
        $child = pcntl_fork();
    },
    // As long as the child runs, its parent is in the middle of the statement.
    'the parent waits for the child' => function () use (&$child, &$times) {
        $times++;
        $child = pcntl_fork();
        $child && pcntl_waitpid($child, $status) && print($status === 0 ? '' : "the child failed\n");
    },
    // The parent does not complete its statement; the child's takes its place.
    'the parent throws' => function () use (&$child, &$times) {
        $times++;
        $child = pcntl_fork();
        if ($child) {
            throw new LogicException;
        }
    },
    'the parent dies' => function () use (&$child, &$times) {
        $times++;
        $child = pcntl_fork();
        if ($child) {
            posix_kill(getmypid(), SIGKILL);
        }
    },
];

/** The state that a process sees after a statement: how often the handler ran in it, and the values. */
function report(string $statement, Sync $s, int $times): string
{
    return "$times time(s), n=$s->n, " . json_encode($s->a) . json_encode($s->object) . count($s->list) . count($s->map) . count($s->objects);
}

foreach ([Sync::class, Overriding::class] as $class) {
    foreach ($statements as $number => $statement) {
        foreach ($forks as $what => $fork) {
            // (This takes a second each time.)
            if ($what === 'the parent waits for the child' && $number % 4 !== 3) {
                continue;
            }
            // Whether the methods of a subclass have stored the value cannot be known from outside. (And where they run in the
            // child, they wait for the parent, as any writer does.)
            if ($class === Overriding::class && ($what !== 'both go on' || str_contains($statement, '] = new Middle'))) {
                continue;
            }
            $s = new $class(scratch());
            $s->n = 1;
            $s->a = ['n' => 1, 'd' => ['n' => 1]];
            $s->object = (object) ['p' => 1];
            [$s->list, $s->map, $s->objects] = [[1], ['l' => 1], [new stdClass]];
            // The expected values: those of a program without forks.
            $times = 0;
            Middle::$do = function () use (&$times) {
                $times++;
            };
            set_error_handler(fn () => (Middle::$do)() ?? true);
            $t = new $class(scratch('once'));
            $t->setData($s->getData());
            eval(str_replace('$s', '$t', "$statement;"));
            $expected = report($statement, $t, $times);
            $parent = Peer::fork(function (Peer $test) use ($class, $statement, $fork, $what, &$child, &$times) {
                $s = new $class(scratch());
                [$s->n, $s->a, $s->list];
                $times = 0;
                Middle::$do = $fork;
                try {
                    eval("$statement;");
                } catch (LogicException) {
                }
                if ($child === 0) {
                    // (A parent that waits for this process has not completed the statement.)
                    $test->tell('child ' . ($what === 'the parent waits for the child' ? "$times time(s)" : report($statement, $s, $times)));
                    exit(0);
                }
                pcntl_waitpid($child, $status);
                $test->tell('parent ' . report($statement, $s, $times));
            });
            $heard = [$parent->hear()];
            if ($what !== 'the parent dies') {
                $heard[] = $parent->hear();
            }
            $parent->end();
            sort($heard);
            $wanted = ["child $expected", ...($what === 'the parent dies' ? [] : ["parent $expected"])];
            if ($what === 'the parent waits for the child') {
                $wanted[0] = 'child ' . substr($expected, 0, strpos($expected, ','));
            }
            $heard === $wanted || print("$class, $statement, $what:\n  " . implode("\n  ", [...$wanted, '', ...$heard]) . "\n");
            restore_error_handler();
            $s->destroy();
            $t->destroy();
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
