--TEST--
shift() gives values of every kind as they were pushed
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

enum Suit
{
    case Hearts;
}

$s = new Sync(scratch());
$cycle = new stdClass;
$cycle->self = $cycle;
$reference = 1;
$values = [true, -1.5, '', "\xff", str_repeat('x', 100_000), [1, ['k' => [2]]], new DateTime('2020-01-01'), Suit::Hearts, $cycle, ['r' => &$reference, 's' => &$reference], new Sync(scratch('other'))];
// One by one, in one array, and after others that were taken off.
foreach ([fn () => $s->push('q', ...$values), fn () => $s->q = $values, fn () => [$s->push('q', 1, 2, ...$values), $s->shift('q'), $s->shift('q')]] as $fill) {
    $fill();
    $other = new Sync(scratch());
    $found = [];
    while (count($s->q)) {
        $found[] = $other->shift('q');
    }
    var_dump(array_slice($found, 0, 6) === array_slice($values, 0, 6), $found[6] == $values[6], $found[7], $found[8]->self === $found[8]);
    $found[9]['r'] = 2;
    var_dump($found[9]['s'], $found[10]->getFile() === scratch('other'), count($found));
}
// null is taken off as well.
$s->push('q', null, 'last');
var_dump($s->shift('q', 0, 'none'), $s->shift('q'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
enum(Suit::Hearts)
bool(true)
int(2)
bool(true)
int(11)
bool(true)
bool(true)
enum(Suit::Hearts)
bool(true)
int(2)
bool(true)
int(11)
bool(true)
bool(true)
enum(Suit::Hearts)
bool(true)
int(2)
bool(true)
int(11)
NULL
string(4) "last"
