--TEST--
[] = goes on behind the highest number that is in an array, below zero too, whoever writes and whatever has been removed from it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** An array that has had this element. */
function without(int|string $key, array $others = []): array
{
    $array = [];
    foreach ($others as $other) {
        $array[$other] = 'kept';
    }
    $array[$key] = 'gone';
    unset($array[$key]);
    return $array;
}

/** The number that `[] =` is to use; null: there is none left. */
function next_number(array $array): ?int
{
    $numbers = array_filter(array_keys($array), 'is_int');
    return !$numbers ? 0 : (max($numbers) === PHP_INT_MAX ? null : max($numbers) + 1);
}

/** A store with what is going to be written into, which this process has read or not. */
function store(string $name, bool $is_read): Sync
{
    $s = new Sync(scratch($name));
    $s->setData((object) ['list' => [], 'map' => ['z' => 1, 'k' => ['z' => 1]], 'o' => new stdClass]);
    for ($i = 0; $is_read && $i < 4; $i++) {
        [$s->list, $s->map, $s->o];
    }
    return $s;
}

$arrays = [
    [], [1, 2], ['x' => 1], [-5 => 1], [-1 => 1], [-5 => 1, -1 => 1], [PHP_INT_MIN => 1], [5 => 1, PHP_INT_MAX - 1 => 1], [3 => 1, PHP_INT_MAX => 1], [PHP_INT_MAX => 1],
    without(2, [0, 1]), without(0), without('x'), without(PHP_INT_MAX), without(PHP_INT_MAX, [5]), without('x', [-5]), without(-1, [-5]), without(7, ['a']), without(-1),
];
$statements = [
    ';', 'unset(@[PHP_INT_MAX]);', 'unset(@[-1]);', 'unset(@[-5]);', 'unset(@[1]);', 'unset(@["x"]);', '@[-3] = 1;', '@["y"] = 1;', 'try { @[] = 1; } catch (Error) { }', '@[1] = 1;',
];
$compared = 0;
// As the whole of a stored array, in one, deeper, and in an object.
foreach (['$s->list', '$s->map["k"]', '$s->map["k"]["l"]', '$s->o->list'] as $at) {
    $put = eval("return fn (\$s, \$array) => $at = \$array;");
    $append = eval("return fn (\$s) => {$at}[] = 'appended';");
    $read = eval("return fn (\$s) => $at;");
    $done = array_map(fn ($code) => eval('return function ($s) { ' . str_replace('@', $at, $code) . ' };'), $statements);
    foreach ($arrays as $n => $array) {
        // Another process does all but the last statement.
        $child = pcntl_fork();
        foreach ($child ? [] : $done as $m => $do) {
            $s = store("other $m", false);
            $put($s, $array);
            $do($s);
        }
        if (!$child) {
            posix_kill(getmypid(), SIGKILL);
        }
        pcntl_waitpid($child, $status);
        foreach ($done as $m => $do) {
            foreach (['unread', 'read before', 'read meanwhile', 'another process'] as $way) {
                if ($way === 'another process') {
                    $s = new Sync(scratch("other $m"));
                } else {
                    $s = store('own', $way === 'read before');
                    $put($s, $array);
                    $way === 'read meanwhile' && $read($s);
                    $do($s);
                }
                try {
                    $append($s);
                    $after = $read($s);
                    $number = array_key_last($after);
                    unset($after[$number]);
                } catch (Error) {
                    $number = null;
                    $after = $read($s);
                }
                if ($number !== next_number($after)) {
                    printf("%s, array %d, %s %s: %s after %s\n", $at, $n, $statements[$m], $way, json_encode($number), json_encode($after));
                }
                $compared++;
            }
        }
    }
}
echo "$compared compared\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
3040 compared
