--TEST--
Reads and writes in a loop make next to no system calls
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('no system calls'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 0;
$s->y = $s->x;
// The kernel's count of reads and writes by this process.
$calls = fn (): int => (int) preg_match_all('/sysc[rw]: (\d+)/', file_get_contents('/proc/self/io'), $m) * 0 + array_sum($m[1]);
$before = $calls();
for ($i = 0; $i < 100_000; $i++) {
    $s->x = $i;
    $v = $s->x;
}
// Reading /proc itself takes a few.
var_dump($calls() - $before < 20, $v);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(99999)
