--TEST--
A process that is killed while writing leaves the last value that was written whole
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 0;
for ($round = 0; $round < 20; $round++) {
    // A program of its own: a forked child that is killed while the JIT compiles leaves the compiler's
    // memory, which it shares with its parent, half made, and the next child to compile crashes.
    $child = Peer::php('
        $s = new Sync($argv[1]);
        for ($i = 1; ; $i++) {
            $s->x = [$i, str_repeat(chr($i % 256), 1000)];
            $s->acknowledged = $i;
            if ($i === 20) {
                $parent->tell("writing");
            }
        }
    ', scratch());
    $child->hear();
    $child->kill()->end();
    [$i, $text] = $s->x;
    if ($text !== str_repeat(chr($i % 256), 1000) || $i < $s->acknowledged || $i > $s->acknowledged + 1) {
        echo "round $round: $i, {$s->acknowledged}\n";
    }
    $s->x = $round;
}
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(19)
