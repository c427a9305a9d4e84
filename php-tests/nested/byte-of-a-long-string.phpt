--TEST--
A byte of a long string is changed in place: memory does not hold the string twice, and where it must, the memory limit is an exception
--INI--
memory_limit=80M
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip without the engine\'s allocator nothing counts its memory');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const SIZE = 25 << 20;
$t = new Sync(scratch());
$t->x = str_repeat('x', SIZE);
unset($t);
$s = new Sync(scratch());
$s->x .= '1';
$s->x[0] = 'y';
$s->x[SIZE] = '2';
echo memory_get_usage() < 30 << 20 ? "once\n" : "more than once\n";
$x = $s->x;
echo strlen($x), ' ', $x[0], $x[1], $x[SIZE - 1], $x[SIZE], "\n";
// Now a second variable shares the string.
$padding = str_repeat('p', 15 << 20);
try {
    $s->x[1] = 'z';
    echo "no exception\n";
} catch (SyncException $e) {
    echo str_replace(scratch(), 'F', $e->getMessage()), "\n";
}
unset($x, $padding, $e);
echo $s->x[0], $s->x[1], "\n";
$s->x[1] = 'z';
echo $s->x[0], $s->x[1], "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
once
26214401 yxx2
Can't %s memory_limit leaves.
yx
yz
