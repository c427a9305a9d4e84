--TEST--
A string of 200 MB needs at most twice its size on top of it, to write and to read
--INI--
memory_limit=-1
--SKIPIF--
<?php
if (disk_free_space('/dev/shm') < 700 << 20) {
    die('skip needs 700 MB on /dev/shm');
}
?>
--FILE--
<?php
require __DIR__ . '/round-trip.inc';

function peak(): int
{
    preg_match('/^VmHWM:\s+(\d+)/m', file_get_contents('/proc/self/status'), $m);
    return $m[1] * 1024;
}
function reset_peak(): int
{
    file_put_contents('/proc/self/clear_refs', '5');
    return peak();
}
const SIZE = 200 << 20;
$s = new Sync(scratch());
$string = str_repeat('large ', intdiv(SIZE, 6));
$before = reset_peak();
$s->x = $string;
$written = peak() - $before;
$hash = hash('xxh3', $string);
$string = null;
$t = new Sync(scratch());
$before = reset_peak();
$read = $t->x;
$needed = peak() - $before;
// The pages of the file are in memory, too, and counted with each process that maps it; they are
// not needed twice.
foreach (['written' => $written, 'read' => $needed - SIZE] as $what => $bytes) {
    echo $what, $bytes <= 2.1 * SIZE ? ": fine\n" : ': ' . round($bytes / SIZE, 2) . " times its size\n";
}
var_dump(hash('xxh3', $read) === $hash);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
written: fine
read: fine
bool(true)
