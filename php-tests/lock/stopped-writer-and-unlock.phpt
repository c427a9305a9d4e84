--TEST--
unlock(), and the end of an object, do not wait for a process that is stopped in the middle of a write
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the words of its locks'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

/** Writes the process with this pid to the lock word of the file as its owner, or (null) no owner. */
function owner(?int $pid): void
{
    $file = fopen(scratch(), 'r+');
    $word = function (int $at) use ($file) {
        fseek($file, $at);
        return unpack('P', fread($file, 8))[1];
    };
    $lease = -1;
    for ($n = 0; $pid && $word($n < 16 ? 2048 + 64 * $n : $word(120) + 4096 + 64 * $n) !== $pid; $n++);
    $counter = ($word(192) >> 32) + 1;
    fseek($file, 192);
    fwrite($file, pack('P', $counter << 32 | ($pid ? $n + 1 : 0)));
}

$s = new Sync(scratch());
$s->x = 1;
$writer = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->y = 1;
    $parent->tell('has written');
    $parent->hear();
});
$writer->hear();
foreach (['unlock()' => fn (Sync $s) => $s->unlock(), 'its end' => function (Sync &$s) { $s = null; }] as $how => $end) {
    $holder = new Sync(scratch());
    $holder->lock();
    $holder->x = $how;
    // As if it had been stopped between taking the write lock and giving it back.
    owner($writer->pid());
    $end($holder);
    echo "$how has returned\n";
    $reader = Peer::php('echo (new Sync($argv[1]))->x, "\n";', scratch());
    echo $reader->end(), "\n";
    owner(null);
    $s->x = 'written after that';
    echo $s->x, "\n";
}
$writer->tell();
echo $writer->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
unlock() has returned
unlock()
exit 0
written after that
its end has returned
its end
exit 0
written after that
exit 0
