--TEST--
A limit on the size of files is an exception, not a signal; the store stays usable
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its file system'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$code = <<<'PHP'
$sync = new Sync($argv[1]);
$part = str_repeat('x', 100_000);
$fails = function (Closure $body) {
    try {
        $body();
        echo "no limit\n";
    } catch (SyncException $e) {
        echo str_replace(dirname($GLOBALS['argv'][1]), '{dir}', $e->getMessage()), "\n";
    }
};
$parts = 0;
$fails(function () use ($sync, $part, &$parts) {
    for (; $parts < 1000; $parts++) {
        $sync->{"part$parts"} = $part;
    }
});
$fails(fn () => $sync->setData((object) ['long' => str_repeat($part, 100)]));
$fails(fn () => $sync->long = str_repeat($part, 100));
var_dump($parts >= 5, count($sync) === $parts, $sync->{'part' . $parts - 1} === $part);
unset($sync->part0, $sync->part1);
$sync->n = 1;
$sync->n++;
$sync->again = $part;
var_dump($sync->n, $sync->again === $part);
PHP;
// Units of 512 bytes or of 1 KiB, as the shell has it.
function limited(int $units, string $code, string $file): void
{
    echo Peer::start(['sh', '-c', "ulimit -f $units && exec \"$@\"", 'sh', ...php_command(), '-r', $code, '--', $file])->end(), "\n";
}
limited(4096, $code, scratch('store'));
// Not even an empty store.
limited(1, <<<'PHP'
$sync = new Sync($argv[1]);
try {
    $sync->x = 1;
} catch (SyncException $e) {
    echo substr($e->getMessage(), -58), "\n";
}
var_dump($sync->x ?? 'missing');
PHP, scratch('other'));
$s = new Sync(scratch('other'));
$s->x = 1;
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
Can't write to '{dir}/store': it would become longer than files may be, on its file system or for this process (ulimit -f, LimitFSIZE= of systemd). Nothing was changed; raise the limit, or remove something.
Can't write to '{dir}/store': it would become longer than files may be, on its file system or for this process (ulimit -f, LimitFSIZE= of systemd). Nothing was changed; raise the limit, or remove something.
Can't write to '{dir}/store': it would become longer than files may be, on its file system or for this process (ulimit -f, LimitFSIZE= of systemd). Nothing was changed; raise the limit, or remove something.
bool(true)
bool(true)
bool(true)
int(2)
bool(true)
exit 0
Nothing was changed; raise the limit, or remove something.
string(7) "missing"
exit 0
int(1)
