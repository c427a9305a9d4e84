--TEST--
A process may fork at any moment; parent and children continue independently
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = str_repeat('x', 100_000);
$s->setData((object) ['n' => 0, 'list' => range(1, 100)]);
$children = [];
for ($i = 0; $i < 5; $i++) {
    $s->n = $s->n + 1;
    $children[] = Peer::fork(function (Peer $parent) use ($s, $i) {
        $s->{"child$i"} = $s->n;
        $grandchild = Peer::fork(function () use ($s, $i) {
            $s->{"grandchild$i"} = $s->{"child$i"};
        });
        $grandchild->end();
        $parent->hear();
        $s->{"last$i"} = $s->{"grandchild$i"};
    });
    $s->{"parent$i"} = $s->n;
}
foreach ($children as $child) {
    $child->tell();
    echo $child->end(), "\n";
}
for ($i = 0; $i < 5; $i++) {
    // The value that the child saw may be from after its parent's next turn.
    $seen = $s->{"child$i"};
    var_dump($seen >= $i + 1 && $seen <= 5 && $s->{"last$i"} === $seen && $s->{"parent$i"} === $i + 1);
}
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
exit 0
exit 0
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
