--TEST--
$s[]['x'] = …, and [] behind a handle, take a number that no other process takes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const TIMES = 1000;
$s = new Sync(scratch());
$s->handle = new Sync(scratch('behind'));
$peers = [];
for ($i = 0; $i < 3; $i++) {
    $peers[] = Peer::fork(function (Peer $parent) use ($i) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        $parent->hear();
        for ($n = 0; $n < TIMES; $n++) {
            $s[]['from'] = "$i.$n";
            $s->handle[] = "$i.$n";
            $s->handle[]['from'] = "$i.$n, too";
        }
    });
}
foreach ($peers as $peer) {
    $peer->hear();
}
foreach ($peers as $peer) {
    $peer->tell();
}
foreach ($peers as $peer) {
    echo $peer->end(), "\n";
}
$elements = array_filter((array) $s->getData(), 'is_array');
$behind = (array) $s->handle->getData();
var_dump(count($elements), count(array_unique(array_column($elements, 'from'))));
var_dump(count($behind), count(array_unique(array_map('json_encode', $behind))), array_is_list($behind));
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
int(3000)
int(3000)
int(6000)
int(6000)
bool(true)
