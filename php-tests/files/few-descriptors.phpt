--TEST--
A process that may just now open no more files says so, and later finds a store that is in use as it is
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
// One more free each time: for the file itself, for what has to be known before it is used …
for ($answers = []; count($answers) < 4; array_pop($open)) {
    $answers[] = read();
}
$open = [];
echo implode(', ', array_unique($answers)), "\nand then ", read(), "\n";
PHP);
echo shell_exec('ulimit -n 64; ' . escapeshellarg(PHP_BINARY) . ' ' . escapeshellarg($script) . ' ' . escapeshellarg(scratch()) . ' 2>&1');
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
