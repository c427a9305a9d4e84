--TEST--
foreach loops nest, break, and leave nothing behind
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = 1;
$s->b = 2;
foreach ($s as $k => $v) {
    foreach ($s as $l => $w) {
        echo "$k$l ";
        if ($l === 'a' && $k === 'b') {
            break;
        }
    }
}
foreach ($s as $v) {
    try {
        foreach ($s as $w) {
            throw new LogicException;
        }
    } catch (LogicException $e) {
        echo 'thrown ';
    }
}
echo implode(',', array_keys(iterator_to_array($s))), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
aa ab ba thrown thrown a,b
