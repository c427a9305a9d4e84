--TEST--
A file is whole after processes were killed again and again while they used it
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

for ($round = 0; $round < 30; $round++) {
    $children = [];
    for ($i = 0; $i < 3; $i++) {
        $children[$i] = Peer::fork(function (Peer $parent) use ($i, $round) {
            mt_srand($i + 100 * $round);
            $s = new Sync(scratch());
            for ($n = 1; ; $n++) {
                $s->{"w$i"} = [$round, $n, str_repeat(chr(97 + $i), mt_rand(1, 1 << mt_rand(0, 16)))];
                if ($n % 7 === 0) {
                    unset($s->{'gone' . $i});
                } else {
                    $s->{'gone' . $i} = $n;
                }
                if ($n === 10) {
                    $parent->tell('busy');
                }
            }
        });
    }
    foreach ($children as $child) {
        $child->hear();
        $child->kill();
    }
    foreach ($children as $child) {
        $child->end();
    }
    $s = new Sync(scratch());
    $all = (array) $s->getData();
    for ($i = 0; $i < 3; $i++) {
        [$r, $n, $text] = $s->{"w$i"};
        if ($r !== $round || $n < 10 || trim($text, chr(97 + $i)) !== '' || $all["w$i"] !== [$r, $n, $text]) {
            echo "round $round, writer $i\n";
        }
    }
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
