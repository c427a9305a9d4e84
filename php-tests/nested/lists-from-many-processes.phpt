--TEST--
Several processes append to one list without losing anything
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [];
$children = [];
for ($i = 0; $i < 6; $i++) {
    $children[] = Peer::fork(function () use ($i) {
        $s = new Sync(scratch());
        for ($j = 0; $j < 500; $j++) {
            $s->list[] = "$i.$j";
            $s->map["$i"] = $j;
        }
    });
}
array_map(fn ($child) => $child->end(), $children);
var_dump(count($s->list), array_is_list($s->list), count(array_unique($s->list)));
$map = $s->map;
echo json_encode(array_sum($map)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(3000)
bool(true)
int(3000)
2994
