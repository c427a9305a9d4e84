--TEST--
Reading a file that is overwritten in place while it is open gives an exception or the old value, never a signal
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mt_srand(1);
for ($round = 0; $round < 20; $round++) {
    $s = new Sync(scratch());
    for ($i = 0; $i < 20; $i++) {
        $s->{"key$i"} = str_repeat("$i.", 1 << $i % 14);
    }
    unset($s);
    $child = Peer::fork(function (Peer $parent) use ($round) {
        $s = new Sync(scratch());
        $s->x = 1;
        $stream = fopen(scratch(), 'r+');
        $size = fstat($stream)['size'];
        // The whole file first, then pieces of it.
        [$at, $length] = $round === 0 ? [0, $size] : [mt_rand(0, 1) ? mt_rand(0, 8192) : mt_rand(0, $size), 1 << mt_rand(0, 12)];
        fseek($stream, $at);
        fwrite($stream, random_bytes($length));
        foreach ([$s, new Sync(scratch())] as $object) {
            foreach ([fn ($k) => $object->$k, fn () => $object->getData(), fn ($k) => $object->$k = 'new', fn ($k) => $object->remove($k), fn () => $object->getData()] as $access) {
                for ($i = 0; $i < 20; $i++) {
                    try {
                        $access("key$i");
                    } catch (SyncException $e) {
                    }
                }
            }
        }
        $parent->tell('survived');
    });
    if ([$child->hear(), $child->end()] !== ['survived', 'exit 0']) {
        echo "round $round\n";
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
