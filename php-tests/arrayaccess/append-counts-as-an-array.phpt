--TEST--
$s[] = takes the number after the highest, as an array does, also after removals and replacements and beside names that are no numbers
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Does the same to a store, by two objects in turn, and to an array; says where they differ. */
function same(string $what, Closure ...$steps): void
{
    $s = [new Sync(scratch($what)), new Sync(scratch($what))];
    $a = [];
    foreach ($steps as $n => $step) {
        $outcomes = [];
        foreach ([$s[$n % 2], &$a] as &$each) {
            try {
                $step($each);
                $outcomes[] = 'done';
            } catch (Error $e) {
                $outcomes[] = get_class($e) . ': ' . $e->getMessage();
            }
        }
        unset($each);
        $keys = array_map('strval', array_keys($a));
        $names = array_map('strval', array_keys(iterator_to_array($s[1])));
        if ($outcomes[0] !== $outcomes[1] || $names !== $keys) {
            echo "$what, step $n: ", json_encode([$outcomes, $names, $keys]), "\n";
        }
    }
    echo "$what: ", implode(' ', $keys), $outcomes[0] === 'done' ? '' : ", $outcomes[0]", "\n";
}

$append = function (&$x) { $x[] = 'v'; };
$set = fn ($key) => function (&$x) use ($key) { $x[$key] = 'v'; };
$unset = fn ($key) => function (&$x) use ($key) { unset($x[$key]); };

same('in turn', $append, $append, $append, $append);
same('the highest is removed', $append, $append, $append, $unset(2), $append, $unset(3), $unset(1), $append);
same('all are removed', $append, $append, $unset(0), $unset(1), $append);
same('set in between', $append, $set(10), $append, $set(5), $append, $set('20'), $append, $set(11), $append);
same('not numbers', $set('007'), $set('1.0'), $set(' 9'), $set('9 '), $set('-0'), $set('+4'), $set('1e3'), $set('x'), $set(''), $append);
same('the highest there is', $set(PHP_INT_MAX - 1), $append, $append, $unset(PHP_INT_MAX), $append, $append);
same('too high for a number', $set('9223372036854775808'), $append, $append);
// PHP 8.3 changed the numbers after a negative one; a store follows the array of the running version.
same('below zero', $set(-5), $append, $append, $unset(-5), $append);
same('the lowest there is', $set(PHP_INT_MIN), $append, $append);

// The next number follows the content: it starts anew with setData() and destroy().
$s = new Sync(scratch());
$other = new Sync(scratch());
$s[5] = $s[] = 'v';
$other->setData((object) [3 => 'v', 'x' => 'v']);
$s[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
$s->setData(new stdClass);
$other[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
$s->destroy();
$other[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
$s->setFile(scratch('another'));
$s->setData((object) ['7' => 'v', 'x' => 'v']);
$s[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
// A long string and an object are written by other paths of the code.
$s[] = str_repeat('long ', 10_000);
$s[] = new ArrayObject([1]);
var_dump(strlen($s[9]), $s[10][0], strlen((new Sync(scratch('another')))[9]));
// A value that cannot be stored takes no number.
attempt(fn () => $s[] = fn () => 1);
$s[] = 'v';
echo implode(' ', array_keys(iterator_to_array($s))), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
in turn: 0 1 2 3
the highest is removed: 0 4
all are removed: 2
set in between: 0 10 11 5 12 20 21 22
not numbers: 007 1.0  9 9  -0 +4 1e3 x  0
the highest there is: 9223372036854775806 9223372036854775807, Error: Cannot add element to the array as the next element is already occupied
too high for a number: 9223372036854775808 0 1
below zero: %i %i %i
the lowest there is: -9223372036854775808 %i %i
3 x 4
0
0
7 x 8
int(50000)
int(1)
int(50000)
%s: %sClosure%s
7 x 8 9 10 11
