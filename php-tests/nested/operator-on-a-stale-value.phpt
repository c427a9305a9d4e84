--TEST--
An operator uses the newest value, not the cached one: no error, no warning and no result comes from an old value
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** The cached value, the value that the other process stores then, and the statement; a stdClass with the stored value gives the outcome. */
$cases = [
    // The cached value is a string, an array, missing …: an operator on it would throw or warn.
    ['text', 5, '+= 2'], [[1], 5, '+= 2'], ['5 apples', 5, '-= 2'], [null, 5, '++'], ['text', 5, '--'], [[], 'a', '.= "b"'], [1.5, 3, '%= 2'], [2.5, 6, '|= 1'],
    [0, 5, '/= 2'], ['x', 7, '<<= 1'], [true, 5, '++'], ['', 5, '--'], [2.5, '6', '^= "3"'],
    // The cached value is a number: an operator on the stored one throws or warns.
    [5, 'text', '+= 2'], [5, [1], '+= 2'], [5, '5 apples', '-= 2'], [5, [], '++'], [5, 2.5, '|= 1'], [5, null, '--'], [5, 'az', '++'], ['a', [1], '.= "b"'],
    // The right operand makes both throw; the message is about the stored value.
    [5, [1], '/= 0'], [5, [1], '%= 0'], [5, 'text', '<<= -1'], ['text', 5, '/= 0'], ['text', 5, '%= 0'], [[1], 5, '<<= -1'],
];
$places = ['->p', "->a['n']", "->a['d']['n']", '->a[0]', "['p']", "['a']['n']"];

function outcome(object $o, string $statement): array
{
    $seen = [];
    set_error_handler(function (int $kind, string $message) use (&$seen) {
        $seen[] = $message;
        return true;
    });
    try {
        $seen[] = eval("return $statement;");
    } catch (Throwable $e) {
        $seen[] = get_class($e) . ': ' . $e->getMessage();
    }
    restore_error_handler();
    return [...$seen, $o->p, $o->a];
}

function fill(object $o, mixed $value): void
{
    $o->p = $value;
    $o->a = ['n' => $value, 'd' => ['n' => $value], $value];
}

$s = new Sync(scratch());
$other = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    while (($line = $parent->hear()) !== 'end') {
        fill($s, unserialize($line));
        $parent->tell();
    }
});
foreach ($cases as [$before, $after, $operation]) {
    foreach ($places as $place) {
        $o = new stdClass;
        fill($o, $after);
        fill($s, $before);
        [$s->p, $s->a];
        $other->tell(serialize($after));
        $other->hear();
        $expected = outcome($o, '$o' . ($place === "['p']" ? '->p' : ($place === "['a']['n']" ? "->a['n']" : $place)) . $operation);
        $seen = outcome($s, '$o' . $place . $operation);
        $seen === $expected || print("$place $operation: " . json_encode($expected) . ' is ' . json_encode($seen) . "\n");
    }
}
$other->tell('end');
echo $other->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
