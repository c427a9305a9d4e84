--TEST--
A written array that is read again has the next index and the internal pointer of a decoded one, whatever was removed from it before
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

$popped = [1, 2, 3];
unset($popped[2]);
$emptied = [1];
unset($emptied[0]);
$moved = [1, 2];
next($moved);
$nested = [[1, 2]];
unset($nested[0][1]);
$negative = [-5 => 1];
$fromFive = [5 => 1, 6 => 2];
unset($fromFive[6]);
$strings = ['a' => 1, 7 => 2];
unset($strings[7]);
$s = new Sync(scratch());
foreach (compact('popped', 'emptied', 'moved', 'negative', 'fromFive', 'strings') + ['in an array' => $nested[0], 'empty' => [], 'list' => [1]] as $what => $array) {
    $s->x = $array;
    $same = $s->x;
    $other = (new Sync(scratch()))->x;
    $unserialized = unserialize(serialize($array));
    [$current[], $current[], $current[]] = [current($same), current($other), current($unserialized)];
    $same[] = 'next';
    $other[] = 'next';
    $unserialized[] = 'next';
    if ($same !== $unserialized || $other !== $unserialized || count(array_unique(array_splice($current, 0))) !== 1) {
        echo "$what: ", json_encode([$same, $other, $unserialized]), "\n";
    }
}
// A reference that only the array still holds must not be shared between its readers.
$a = [1];
$r = &$a[0];
unset($r);
$s->x = $a;
$first = $s->x;
$second = $s->x;
$first[0] = 2;
var_dump($second, $a);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(1) {
  [0]=>
  int(1)
}
array(1) {
  [0]=>
  int(1)
}
