--TEST--
Several processes push to one list at once: the lengths are all different, and nothing is lost
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$children = [];
for ($i = 0; $i < 6; $i++) {
    $children[] = Peer::fork(function (Peer $parent) use ($i) {
        $s = new Sync(scratch());
        $parent->hear();
        $sum = 0;
        for ($j = 0; $j < 500; $j++) {
            $sum += $s->push('list', "$i.$j", "$i.$j again");
            $s->push($j, $i);
        }
        $parent->tell($sum);
    });
}
array_map(fn ($child) => $child->tell(), $children);
$sums = array_map(fn ($child) => (int) $child->hear(), $children);
array_map(fn ($child) => $child->end(), $children);
$s = new Sync(scratch());
$list = $s->list;
// 2 + 4 + … + 6000
var_dump(array_sum($sums) === 3000 * 3001, count(array_unique($list)), array_is_list($list));
for ($at = 0; $at < 6000; $at += 2) {
    if ($list[$at + 1] !== "$list[$at] again") {
        echo "at $at: $list[$at], {$list[$at + 1]}\n";
    }
}
// Of those who found no list, one has made it.
var_dump(array_unique(array_map(fn ($j) => count($s->get($j)), range(0, 499))));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(6000)
bool(true)
array(1) {
  [0]=>
  int(6)
}
