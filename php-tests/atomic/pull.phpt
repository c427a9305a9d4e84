--TEST--
pull() gives each value to one process, and removes it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->pull('missing'), $s->pull('missing', 'default'), scratch_exists());
$s->null = null;
$s->object = new ArrayObject([1]);
$s->list = [1];
$s->list[] = 2;
var_dump($s->pull('null', 'default'), $s->pull('object')->count(), $s->pull('list'), count($s));
for ($i = 0; $i < 300; $i++) {
    $s->{"job $i"} = $i;
}
$workers = [];
for ($n = 0; $n < 3; $n++) {
    $workers[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        for ($i = 0; $i < 300; $i++) {
            if (($job = $s->pull("job $i")) !== null) {
                $mine[] = $job;
            }
        }
        $s->{'of ' . getmypid()} = $mine ?? [];
    });
}
foreach ($workers as $worker) {
    echo $worker->end(), "\n";
}
$all = array_merge(...array_values((array) $s->getData()));
sort($all);
var_dump(count($s), $all === range(0, 299));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
string(7) "default"
bool(false)
NULL
int(1)
array(2) {
  [0]=>
  int(1)
  [1]=>
  int(2)
}
int(0)
exit 0
exit 0
exit 0
int(3)
bool(true)
