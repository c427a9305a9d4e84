--TEST--
Counting under lock() loses nothing, with several processes at once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
$children = [];
for ($i = 0; $i < 4; $i++) {
    $children[] = Peer::fork(function () {
        $s = new Sync(scratch());
        for ($j = 0; $j < 250; $j++) {
            $s->lock(0, 5000);
            $s->n = $s->n + 1;
            $s->unlock();
        }
    });
}
foreach ($children as $child) {
    echo $child->end(), "\n";
}
var_dump($s->n);
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
int(1000)
