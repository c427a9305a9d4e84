--TEST--
Reading a file that is cut short while it is open gives an exception or the old value, never a signal
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$ends = [];
foreach ([1, 100, 4095, 4096, 4097, 10_000, 65_536, 100_000, 200_000] as $length) {
    $s = new Sync(scratch());
    $s->setData((object) named());
    unset($s);
    $child = Peer::fork(function (Peer $parent) use ($length) {
        $s = new Sync(scratch());
        $all = (array) $s->getData();
        $s->key1 = $all['key1'];
        $stream = fopen(scratch(), 'r+');
        ftruncate($stream, $length);
        foreach ([fn ($k) => $s->$k, fn ($k) => isset($s->$k), fn ($k) => $s->$k = 'new', fn () => $s->getData(), fn () => $s->lock()->unlock()] as $i => $access) {
            for ($j = 0; $j < 50; $j++) {
                try {
                    $result = $access("key$j");
                    if ($i === 0 && $result !== null && $result !== $all["key$j"]) {
                        $parent->tell("cut at $length: key$j is something else");
                    }
                } catch (SyncException $e) {
                    if (!str_contains($e->getMessage(), scratch())) {
                        $parent->tell($e->getMessage());
                    }
                }
            }
        }
        $parent->tell('survived');
    });
    echo $child->hear(), ', ', $child->end(), "\n";
    unlink(scratch());
}
function named(): array
{
    $all = [];
    for ($i = 0; $i < 50; $i++) {
        $all["key$i"] = str_repeat("$i.", 2000);
    }
    return $all;
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
survived, exit 0
