--TEST--
A value that was computed with a $ttl is computed again when it has expired
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$n = 0;
$fn = function () use (&$n) { return ++$n; };
echo $s->remember('x', $fn, 1000), $s->remember('x', $fn), ' ', round($s->ttl('x'), -2), "\n";
echo $s->remember('short', $fn, 0.05), ' ';
while (isset($s->short)) {
    usleep(1000);
}
echo $s->remember('short', $fn), ' ', var_export($s->ttl('short'), true), "\n";
echo $s->remember('gone', $fn, 0), $s->remember('gone', $fn, -1), ' ', isset($s->gone) ? 'there' : 'gone', "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
11 1000
2 3 NULL
45 gone
