--TEST--
A loop over values that together are larger than memory_limit reads one after the other
--INI--
memory_limit=32M
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip without the engine\'s allocator nothing counts its memory');
}
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function anonymous(): int
{
    preg_match('/^RssAnon:\s+(\d+)/m', file_get_contents('/proc/self/status'), $m);
    return $m[1] >> 10;
}
// Stored by another process, so that none of the memory is this one's.
$end = Peer::fork(function () {
    $s = new Sync(scratch());
    for ($i = 0; $i < 90; $i++) {
        $s->{"long$i"} = str_repeat(chr(33 + $i), 1 << 20);
        $s->{"short$i"} = $i;
    }
    $s->list = [0];
    for ($i = 0; $i < 40; $i++) {
        $s->list[] = str_repeat('x', 100_000);
    }
})->end();
$s = new Sync(scratch());
$before = anonymous();
$most = $names = $bytes = 0;
foreach ($s as $name => $value) {
    $names++;
    $bytes += is_string($value) ? strlen($value) : 0;
    if (is_string($value) && $name !== 'long' . (ord($value[5]) - 33) || is_int($value) && $name !== "short$value") {
        echo "$name has the value of another\n";
    }
    $most = max($most, anonymous() - $before);
}
// (Of a server's store a thread keeps all values itself while it reads them together.)
var_dump($end, $names, $bytes >> 20, count($value), on_server() || $most < 32 ?: $most);
// A generator over a loop, and a second loop inside of a loop.
$lengths = (function () use ($s) {
    foreach ($s as $name => $value) {
        yield $name => is_string($value) ? strlen($value) : 0;
    }
})();
$sum = 0;
foreach ($lengths as $name => $length) {
    foreach ($s as $inner => $value) {
        $sum += $inner === $name ? $length : 0;
        if ($inner === 'long3') {
            break;
        }
    }
}
var_dump($sum >> 20);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(6) "exit 0"
int(181)
int(90)
int(41)
bool(true)
int(4)
