--TEST--
When several processes write to an old file at the same time, nothing is lost
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

for ($round = 0; $round < 10; $round++) {
    file_put_contents(scratch(), serialize((object) ['data' => (object) ['old' => str_repeat('o', 10_000)], 'lock' => false, 'timeout' => 0, 'interval' => 50000]));
    $children = [];
    for ($i = 0; $i < 6; $i++) {
        $children[] = Peer::fork(function (Peer $parent) use ($i) {
            $s = new Sync(scratch());
            $parent->tell('ready');
            $parent->hear();
            $s->{"key$i"} = $i;
        });
    }
    array_map(fn ($child) => $child->hear(), $children);
    array_map(fn ($child) => $child->tell(), $children);
    array_map(fn ($child) => $child->end(), $children);
    $data = (array) (new Sync(scratch()))->getData();
    ksort($data);
    if ($data !== ['key0' => 0, 'key1' => 1, 'key2' => 2, 'key3' => 3, 'key4' => 4, 'key5' => 5, 'old' => str_repeat('o', 10_000)]) {
        echo "round $round: ", implode(' ', array_keys($data)), "\n";
    }
    unlink(scratch());
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
