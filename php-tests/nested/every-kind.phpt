--TEST--
A statement has the same effect in a Sync as in a stdClass, on a value of any kind, with an offset of any kind
--FILE--
<?php
/*
 * Each statement runs on a stdClass and on a Sync that hold the same; afterwards both must hold the same,
 * have given the same result, and raised the same errors, in PHP's own words.
 *
 * Intended differences are left out: a statement that throws leaves a Sync as it was, a stdClass perhaps
 * half changed; unset() of something inside of a property that is missing makes that property in a stdClass;
 * a stdClass warns where a property is missing; and ++ on an element of a stored ArrayAccess goes through
 * its methods.
 */
require __DIR__ . '/../include/scratch.inc';

#[AllowDynamicProperties]
class Elements extends ArrayObject
{
}

$values = [
    'null' => null, 'false' => false, 'true' => true, 'int' => 5, 'float' => 1.5, 'string' => 'abc', 'letter' => 'a', 'empty' => '',
    'numeric' => '12', 'list' => [1, 2], 'elements' => new Elements([1]), 'object' => (object) ['p' => 1],
];
$offsets = [
    'null', 'false', 'true', '3', '-1', '-9', '1.7', '1e30', '"0"', '"x"', '"1x"', '"-1"', '" 1"', '""', '[]', 'new stdClass', 'STDIN',
];
$elements = [
    '$o->v[%s] = 9', '$o->v[%s][1] = 9', '$o->v[%s]->q = 9', '$o->v[%s] .= "z"', '$r = $o->v[%s]++', '$r = --$o->v[%s]', 'unset($o->v[%s])',
    'unset($o->v[%s][1])', 'unset($o->v[%s]->q)', '$r = isset($o->v[%s])', '$r = empty($o->v[%s][0])', '$r = $o->v[%s]', '$r = $o->v[%s] ?? "d"',
    '$o->v[%s] ??= 7', '$o->v[%s] = ""', '$o->v[%s] = "lm"', '[$o->v[%s], $x] = [1, 2]', '$o->v[%s][] = 1', '$o->v[][%s] = 1', '$r = $o->v[%s] += []',
];
$statements = [
    '$o->v->q = 9', '$o->v->q[1] = 9', '$o->v->q->r = 9', '$o->v->q .= "z"', '$r = $o->v->q++', '$r = --$o->v->q', 'unset($o->v->q)',
    'unset($o->v->q[1])', 'unset($o->v->q->r)', '$r = isset($o->v->q)', '$r = $o->v->q', '$r = $o->v->q ?? "d"', '$o->v->q ??= 7',
    '$r = $o->v++', '$r = ++$o->v', '$r = $o->v--', '$r = --$o->v', '$r = $o->v .= "x"', '$r = $o->v += 1', '$r = $o->v += [3 => 4]', '$o->v[] = 1',
    '$r = $o->v %= 2.5', '$r = $o->v .= []', '$r = $o->v **= new stdClass', '$r = isset($o->v->q[1][2])', '$r = $o->v->q->r->s ?? 5',
    '$o->v->q->r->s = 5', '$o->v[0][0][0] = 1', '$r = $o->v[0]->p', '[, $o->v->p] = [1, 2]', 'foreach ([1, 2] as $o->v[0]);', '$r = $o->v . ""',
    '$r = $o->w->q++', '$r = $o->w[1]--', '$r = --$o->w', '$r = $o->w--', '$o->w->q = 1', '$o->w->q[1] = 1',
];
foreach ($elements as $element) {
    foreach ($offsets as $offset) {
        $statements[] = sprintf($element, $offset);
    }
}

/** The errors that the statement raises and throws, and the value afterwards. */
function run(object $o, mixed $v, string $statement): array
{
    $raised = '';
    set_error_handler(function (int $level, string $message) use (&$raised) {
        if (!preg_match('/^Undefined property: (stdClass|Sync)::/', $message)) {
            $raised .= "$level $message; ";
        }
        return true;
    });
    $r = '-';
    $state = fn () => preg_replace('/\b[rR]:\d+/', 'r', serialize([$o instanceof Sync ? $o->getData() : $o, $r]));
    $o->v = is_object($v) ? clone $v : $v;
    try {
        eval("$statement;");
        $after = $state();
    } catch (Throwable $e) {
        $raised .= get_class($e) . ': ' . $e->getMessage();
        $after = 'thrown';
    }
    restore_error_handler();
    return [str_replace('Sync', 'stdClass', $raised), $after];
}

$ran = 0;
foreach ($values as $kind => $value) {
    foreach ($statements as $statement) {
        // A string of such a length cannot exist; see long-string.phpt.
        if (str_contains($statement, '1e30') && is_string($value) || preg_match('/\]\+\+|--.*\]/', $statement) && $value instanceof Elements) {
            continue;
        }
        $expected = run(new stdClass, $value, $statement);
        $seen = run($s = new Sync(scratch()), $value, $statement);
        $s->destroy();
        if (str_starts_with($statement, 'unset')) {
            unset($expected[1], $seen[1]);
        }
        if ($seen !== $expected) {
            echo "$kind: $statement\n    ", implode(' ', $expected), "\n    ", implode(' ', $seen), "\n";
        }
        $ran++;
    }
}
echo $ran > 4000 ? "done\n" : "only $ran\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
