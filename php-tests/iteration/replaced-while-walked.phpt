--TEST--
A loop for which all values would be too much shows the newer one of a long value that was replaced meanwhile, and leaves out one that was removed
--INI--
memory_limit=16M
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip without the engine\'s allocator nothing counts its memory');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($i = 0; $i < 10; $i++) {
    $s->{"long$i"} = str_repeat((string) $i, 1 << 20);
    $s->{"short$i"} = $i;
}
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->hear();
    $s->long3 = 'other';
    $s->short3 = 'other';
    unset($s->long5, $s->short5, $s->long9);
    $s->new = 1;
    $s->long7 = str_repeat('b', 1 << 20);
    $parent->tell('done');
});
$shown = [];
foreach ($s as $name => $value) {
    if ($name === 'short1') {
        $child->tell('go');
        $child->hear();
    }
    $shown[] = $name . ' ' . (is_string($value) ? $value[0] . ' ' . strlen($value) : $value);
}
echo implode("\n", $shown), "\n", $child->end(), "\n";
var_dump(iterator_count($s), count($s));
// A snapshot of all values shows one moment, also where memory for it has to be found first.
ini_set('memory_limit', '256M');
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->hear();
    $s->long2 = 'other';
    unset($s->long4);
    $parent->tell('done');
});
$shown = [];
foreach ($s as $name => $value) {
    if ($shown === []) {
        $child->tell('go');
        $child->hear();
    }
    $shown[$name] = is_string($value) ? strlen($value) : $value;
}
var_dump($shown['long2'], $shown['long4'], $child->end());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
long0 0 1048576
short0 0
long1 1 1048576
short1 1
long2 2 1048576
short2 2
long3 o 5
short3 3
long4 4 1048576
short4 4
short5 5
long6 6 1048576
short6 6
long7 b 1048576
short7 7
long8 8 1048576
short8 8
short9 9
exit 0
int(18)
int(18)
int(1048576)
int(1048576)
string(6) "exit 0"
