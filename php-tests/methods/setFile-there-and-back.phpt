--TEST--
An object that is given another file, and then the first one again, reads each file's own values
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch('one'));
$s->n = 100;
$s->list = [1, 2];
$s->map = ['a' => 1];
[$s->n, $s->list, $s->map];
$other = new Sync(scratch('one'));
$there = fn (Closure $do) => [$s->setFile(scratch('two')), $do(), $s->setFile(scratch('one'))];
$there(fn () => [$s->n ?? null, $s->list ?? null, $s->map ?? null]);
echo json_encode([$s->n, $s->list, $s->map, count($s)]), "\n";
$there(function () use ($s, $other) {
    $s->list[] = 'two';
    $s->map['two'] = 2;
    $s->n ??= 2;
    $other->list[] = 'other';
    $other->map['other'] = 3;
    $other->n++;
});
$s->list[] = 'one';
$s->map['one'] = 1;
$s->n++;
echo json_encode([$s->n, $s->list, $s->map, count($s)]), "\n";
$there(fn () => print(json_encode([$s->n, $s->list, $s->map, count($s)]) . "\n"));
$there(function () use ($s) {
    $s->destroy();
    $s->list[] = 'new';
});
$s->list[] = 'last';
echo json_encode([$s->list, $other->list, (new Sync(scratch('two')))->list]), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[100,[1,2],{"a":1},3]
[102,[1,2,"other","one"],{"a":1,"other":3,"one":1},3]
[2,["two"],{"two":2},3]
[[1,2,"other","one","last"],[1,2,"other","one","last"],["new"]]
