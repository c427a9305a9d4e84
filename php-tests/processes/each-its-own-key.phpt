--TEST--
Processes that write different names at the same time lose nothing of each other's
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$children = [];
for ($i = 0; $i < 8; $i++) {
    $children[] = Peer::fork(function () use ($i) {
        $s = new Sync(scratch());
        for ($j = 0; $j < 50; $j++) {
            $s->{"p{$i}_$j"} = [$i, $j];
        }
    });
}
foreach ($children as $child) {
    if (($end = $child->end()) !== 'exit 0') {
        echo "$end\n";
    }
}
$s = new Sync(scratch());
$data = (array) $s->getData();
var_dump(count($data));
for ($i = 0; $i < 8; $i++) {
    for ($j = 0; $j < 50; $j++) {
        if ($data["p{$i}_$j"] !== [$i, $j]) {
            echo "p{$i}_$j is lost\n";
        }
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(400)
