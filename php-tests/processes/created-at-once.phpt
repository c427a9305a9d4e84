--TEST--
When several processes create the file at the same time, there is one store, with all they wrote
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

for ($round = 0; $round < 10; $round++) {
    $children = [];
    for ($i = 0; $i < 6; $i++) {
        $children[] = Peer::fork(function (Peer $parent) use ($i, $round) {
            $parent->tell('ready');
            $parent->hear();
            $s = new Sync(scratch("store$round"));
            $s->{"key$i"} = $i;
        });
    }
    array_map(fn ($child) => $child->hear(), $children);
    array_map(fn ($child) => $child->tell(), $children);
    array_map(fn ($child) => $child->end(), $children);
    $data = (array) (new Sync(scratch("store$round")))->getData();
    ksort($data);
    if ($data !== ['key0' => 0, 'key1' => 1, 'key2' => 2, 'key3' => 3, 'key4' => 4, 'key5' => 5]) {
        var_dump($data);
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
