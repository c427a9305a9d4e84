--TEST--
Functions that consume, also in fibers that are suspended, or never go on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->push('jobs', 1, 2, 3, 4);
$s->push('others', 'a');
$s->consume('jobs', function ($one) use ($s) {
    $s->consume('jobs', function ($two) use ($s, $one) {
        $s->consume('others', fn ($other) => print("$one $two $other " . json_encode($s->jobs) . ' ' . json_encode(array_column($s->stats()['consuming'], 'name')) . "\n"));
    });
    attempt(fn () => $s->consume('jobs', fn () => throw new Exception('inside')));
    echo json_encode($s->jobs), "\n";
});
echo json_encode($s->jobs), ' ', json_encode($s->others), "\n";

$consumer = fn () => $s->consume('jobs', fn ($job) => Fiber::suspend($job));
[$one, $two] = [new Fiber($consumer), new Fiber($consumer)];
var_dump($one->start(), $two->start(), $s->jobs, count($s->stats()['consuming']));
$two->resume();
var_dump($two->getReturn(), $s->jobs);
unset($one);
var_dump($s->jobs, $s->stats()['consuming']);
// The object goes while one of its elements is in a fiber.
$last = new Fiber(fn () => (new Sync(scratch()))->consume('jobs', fn ($job) => Fiber::suspend($job)));
var_dump($last->start(), $s->jobs);
unset($last);
var_dump($s->jobs);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
1 2 a [3,4] ["jobs","jobs","others"]
Exception: inside
[3,4]
[3,4] []
int(3)
int(4)
array(0) {
}
int(2)
bool(true)
array(0) {
}
array(1) {
  [0]=>
  int(3)
}
array(0) {
}
int(3)
array(0) {
}
array(1) {
  [0]=>
  int(3)
}
