--TEST--
Eight processes that each add one with ++ lose nothing, without lock()
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 0;
$children = [];
for ($i = 0; $i < 8; $i++) {
    $children[] = Peer::fork(function () {
        $s = new Sync(scratch());
        for ($j = 0; $j < times(10_000); $j++) {
            $s->n++;
        }
    });
}
array_map(fn ($child) => $child->end(), $children);
var_dump($s->n === 8 * times(10_000));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
