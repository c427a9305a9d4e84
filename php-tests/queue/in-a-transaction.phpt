--TEST--
In a transaction push() and shift() happen with it, or not at all
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->push('jobs', 'a', 'b', 'c');
$s->shift('jobs');
attempt(fn () => $s->transaction(function () use ($s, $other) {
    var_dump($s->shift('jobs'), $s->push('jobs', 'd', 'e'), $s->push('fresh', 1), $s->shift('fresh'), $s->shift('fresh', 0, 'none'));
    echo json_encode([$s->jobs, $other->jobs, isset($other->fresh)]), "\n";
    attempt(fn () => $s->shift('fresh', 1));
    throw new Exception('no');
}));
echo json_encode([$s->jobs, isset($other->fresh)]), "\n";
$s->transaction(function () use ($s) {
    $s->done = $s->shift('jobs');
    $s->push('jobs', 'd');
});
echo json_encode([$other->done, $other->jobs, $other->shift('jobs'), $other->push('jobs', 'e'), $s->jobs]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(1) "b"
int(3)
int(1)
int(1)
string(4) "none"
[["c","d","e"],["b","c"],false]
SyncException: Can't wait for a change of '{dir}/store': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.
Exception: no
[["b","c"],false]
["b",["c","d"],"c",2,["d","e"]]
