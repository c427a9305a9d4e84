--TEST--
One process may use many files at once
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip valgrind has no address space for as many mappings');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$all = [];
for ($i = 0; $i < 200; $i++) {
    $all[$i] = new Sync(scratch("store$i"));
    $all[$i]->n = $i;
}
foreach ($all as $i => $s) {
    if ($s->n !== $i) {
        echo "$i: $s->n\n";
    }
}
$child = Peer::fork(function () use ($all) {
    foreach ($all as $i => $s) {
        $s->n = $s->n * 2;
    }
});
echo $child->end(), "\n";
foreach ($all as $i => $s) {
    if ($s->n !== $i * 2) {
        echo "$i: $s->n\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
