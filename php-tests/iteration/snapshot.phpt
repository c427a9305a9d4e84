--TEST--
foreach goes over a snapshot: writes, removals and replacements meanwhile do not show
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($i = 0; $i < 5; $i++) {
    $s->{"k$i"} = $i;
}
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->hear();
    $s->setData((object) ['k0' => 'replaced']);
    $s->new = 'new';
    $parent->tell('written');
});
$seen = [];
foreach ($s as $k => $v) {
    if ($k === 'k1') {
        $child->tell();
        $child->hear();
        $s->own = 1;
        unset($s->k4);
    }
    $seen[$k] = $v;
}
echo json_encode($seen), "\n";
echo json_encode($s), "\n";
echo $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"k0":0,"k1":1,"k2":2,"k3":3,"k4":4}
{"k0":"replaced","new":"new","own":1}
exit 0
