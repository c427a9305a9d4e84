--TEST--
Hundreds of random statements do to a Sync, and to one that overrides how it is read and written, what they do to a stdClass
--FILE--
<?php
/*
 * Programs of a few random statements each: assignments, operators, unset, isset, list() and reads,
 * up to three steps deep, on values of every kind. Each runs on a stdClass and on a Sync; after each
 * statement the two must hold the same, have given the same result, and raised the same errors.
 *
 * Three things differ on purpose, and are kept out: a statement that throws leaves a Sync as it was, a
 * stdClass perhaps half changed (the program ends there); unset() of something inside of a property
 * that is missing makes that property in a stdClass; and a stdClass warns where a property is missing.
 */
require __DIR__ . '/../include/scratch.inc';

#[AllowDynamicProperties]
class Typed
{
    public $q = 1;
    public ?array $arr = null;
    public int $i = 3;
    private $hidden = 1;
}

#[AllowDynamicProperties]
class Elements extends ArrayObject
{
}

class Passing extends Sync
{
    public function __get($name)
    {
        return parent::__get($name);
    }

    public function set($name, $value)
    {
        return parent::set($name, $value);
    }
}

function one_of(array $choices): string
{
    return $choices[mt_rand(0, count($choices) - 1)];
}

function place(bool $append): string
{
    $place = '$o' . one_of(['->a', '->b', '->c', '->{"0"}']);
    for ($steps = mt_rand(0, 3); $steps > 0; $steps--) {
        $place .= one_of([
            "['a']", "['b']", '[0]', '[1]', "['5']", '[null]', '[true]', '[2.5]', "['x y']", '[-1]', '["\xff"]', "['']",
            '->p', '->q', '->arr', '->i', ...($append ? ['[]', '[]'] : []),
        ]);
    }
    return $place;
}

function value(): string
{
    return one_of([
        '1', '2', '-7', '1.5', "'s'", "'10'", 'null', 'true', 'false', '[]', '[1, 2]', "['a' => ['b' => 1]]", "['a' => 1, 5 => 'z']",
        'new stdClass', '(object) ["p" => [1], "q" => 2]', 'new Typed', 'new Elements([1, "a" => [2]])', 'PHP_INT_MAX', "'zz'",
    ]);
}

function statement(): string
{
    switch (mt_rand(0, 11)) {
        case 0:
        case 1:
        case 2:
            return place(true) . ' = ' . value();
        case 3:
            return place(false) . one_of([' += ', ' .= ', ' -= ', ' *= ', ' |= ', ' ??= ', ' %= ', ' **= ', ' <<= ', ' /= ']) . value();
        case 4:
            return '$r = ' . place(false) . one_of([' += ', ' .= ', ' -= ']) . value();
        case 5:
            return '$r = ' . place(false) . one_of(['++', '--']);
        case 6:
            return '$r = ' . one_of(['++', '--']) . place(false);
        case 7:
            $place = place(false);
            return "if (property_exists(\$o, '" . $place[strcspn($place, 'abc0')] . "')) unset($place)";
        case 8:
            return '$r = ' . one_of(['isset', 'empty']) . '(' . place(false) . ')';
        case 9:
            return '$r = ' . place(false) . ' ?? "default"';
        case 10:
            return '[' . place(true) . ', ' . place(true) . '] = [' . value() . ', ' . value() . ']';
        default:
            return '$r = ' . place(false);
    }
}

/** What a program does, a line for each thing that can be seen. */
function run(object $o, array $program): array
{
    $seen = [];
    set_error_handler(function (int $kind, string $message) use (&$seen) {
        if (!preg_match('/^Undefined property: (stdClass|Sync|Passing)::/', $message)) {
            $seen[] = $message;
        }
        return true;
    });
    foreach ($program as $statement) {
        $r = null;
        try {
            eval("$statement;");
        } catch (Throwable $e) {
            $seen[] = get_class($e) . ': ' . $e->getMessage();
            break;
        }
        $state = $o instanceof Sync ? $o->getData() : $o;
        // Objects have other numbers, as each read of a Sync gives new ones.
        $seen[] = "$statement; " . print_r($r, true) . preg_replace('/\b[rR]:\d+/', 'r', serialize($state));
    }
    restore_error_handler();
    return $seen;
}

mt_srand(20240229);
for ($i = 0; $i < 600; $i++) {
    $program = array_map('statement', range(1, 8));
    $expected = run(new stdClass, $program);
    $s = $i % 3 ? new Sync(scratch()) : new Passing(scratch());
    $seen = str_replace(['Sync', 'Passing'], 'stdClass', run($s, $program));
    $s->destroy();
    if ($seen !== $expected) {
        $at = 0;
        while (($seen[$at] ?? null) === ($expected[$at] ?? null)) {
            $at++;
        }
        echo implode(";\n", $program), ";\n  stdClass: ", $expected[$at] ?? 'nothing', "\n  Sync:     ", $seen[$at] ?? 'nothing', "\n";
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
