--TEST--
A process whose address space is limited may use many files; a file that no longer fits is an exception
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mapping');
if (getenv('USE_ZEND_ALLOC') === '0') die('skip valgrind has an address space of its own');
?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$code = <<<'PHP'
// PCRE's JIT would look for memory when no address space is left.
ini_set('pcre.jit', '0');
function complains(Closure $body): string
{
    try {
        $body();
        return 'no';
    } catch (SyncException $e) {
        return preg_replace('/\d+ KiB/', '… KiB', str_replace(dirname($GLOBALS['argv'][1]), '{dir}', $e->getMessage()));
    }
}
// A few MiB for each file until the address space is used up. (This once ran for ever at 100 % CPU.)
$all = [];
echo complains(function () use (&$all) {
    for ($i = 0; $i < 1000; $i++) {
        $sync = new Sync($GLOBALS['argv'][1] . $i);
        $sync->n = $i;
        $all[] = $sync;
    }
}) === 'no' ? "no limit\n" : "a limit\n";
echo count($all) >= 10 ? "ten and more\n" : count($all) . "\n";
foreach ($all as $i => $sync) {
    $sync->n += 1000;
    if ($sync->n !== 1000 + $i) {
        echo "$i: $sync->n\n";
    }
}
// One file that grows, under a lock.
$sync = new Sync($argv[1] . '0');
$sync->lock();
$part = str_repeat('x', 100_000);
$parts = 0;
echo complains(function () use ($sync, $part, &$parts) {
    for (; $parts < 10_000; $parts++) {
        $sync->{"part$parts"} = $part;
    }
}), "\n";
var_dump(isset($sync->{"part$parts"}), count($sync) - $parts, $sync->n);
for ($i = 0; $i < $parts; $i++) {
    if ($sync->{"part$i"} !== $part) {
        echo "part$i is another one\n";
    }
    unset($sync->{"part$i"});
}
$sync->part = $part;
$sync->unlock();
var_dump(count($sync));
PHP;
// The address space that PHP itself uses, and 32 MiB more.
preg_match('/^VmPeak:\s*(\d+)/m', file_get_contents('/proc/self/status'), $used);
$limit = $used[1] + 32 * 1024;
echo Peer::start(['sh', '-c', "ulimit -v $limit && exec \"$@\"", 'sh', ...php_command(), '-d', 'pcre.jit=0', '-r', $code, '--', scratch('store')])->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a limit
ten and more
Can't map '{dir}/store0': this process has no address space left for … KiB. Nothing was changed; raise its limit (ulimit -v, LimitAS= of systemd), or use fewer files at once.
bool(false)
int(1)
int(1000)
int(2)
exit 0
