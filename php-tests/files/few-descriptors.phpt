--TEST--
A process that has no file descriptor left gets an exception, and later finds a store that is in use unchanged
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its descriptor'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$sync = new Sync(scratch());
$sync->x = 'secret';
$sync->lock(1);
$script = scratch('child.php');
file_put_contents($script, <<<'PHP'
<?php
function read(): string
{
    try {
        return (new Sync($GLOBALS['argv'][1]))->x;
    } catch (SyncException $e) {
        return get_class($e);
    }
}
$open = [];
while ($file = @fopen('/dev/null', 'r')) {
    $open[] = $file;
}
// One more descriptor is free each time: for the file itself, for the checks before its first use …
for ($answers = []; count($answers) < 4; array_pop($open)) {
    $answers[] = read();
}
$open = [];
echo implode(', ', array_unique($answers)), "\nand then ", read(), "\n";
PHP);
echo shell_exec('ulimit -Sn 64; ' . escapeshellarg(PHP_BINARY) . ' ' . escapeshellarg($script) . ' ' . escapeshellarg(scratch()) . ' 2>&1');
$sync->x = 'changed';
$sync->unlock();
echo (new Sync(scratch()))->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException, SyncLockTimeoutException
and then SyncLockTimeoutException
changed
