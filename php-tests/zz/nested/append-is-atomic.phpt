--TEST--
Several processes that append with $s[] = $x all find a place of their own
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$children = [];
for ($i = 0; $i < 4; $i++) {
    $children[] = Peer::fork(function () use ($i) {
        $s = new Sync(scratch());
        for ($j = 0; $j < 100; $j++) {
            $s[] = "$i.$j";
        }
    });
}
array_map(fn ($child) => $child->end(), $children);
$data = (array) (new Sync(scratch()))->getData();
ksort($data);
var_dump(array_is_list($data), count(array_unique($data)));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(400)
