--TEST--
increment() gives each of several processes numbers of its own, from the first one on
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$workers = [];
for ($n = 0; $n < 4; $n++) {
    $workers[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        $parent->hear();
        $mine = [];
        for ($i = 0; $i < 1000; $i++) {
            $mine[] = $s->increment('n');
        }
        $s->{'of ' . getmypid()} = $mine;
    });
}
foreach ($workers as $worker) {
    $worker->hear();
}
foreach ($workers as $worker) {
    $worker->tell();
}
foreach ($workers as $worker) {
    echo $worker->end(), "\n";
}
$s = new Sync(scratch());
$all = [];
foreach ($s as $name => $numbers) {
    if ($name !== 'n') {
        $all = [...$all, ...$numbers];
    }
}
sort($all);
var_dump($s->n, $all === range(1, 4000));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
exit 0
int(4000)
bool(true)
