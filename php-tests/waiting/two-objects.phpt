--TEST--
Of two objects on one file, each has seen what it has read itself, also where both are read by the same instruction
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

function read(Sync $s): mixed
{
    return $s->x;
}
function ask(Sync $s): bool
{
    return isset($s->x);
}

$a = new Sync(scratch());
$b = new Sync(scratch());
$writer = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    while (($value = $parent->hear()) !== "end") {
        $s->x = (int) $value;
        $parent->tell("done");
    }
});
$say = function (string $what) use ($a, &$b) {
    echo str_pad($what, 30), $a->wait("x", 0) ? "changed " : "-       ", $b->wait("x", 0) ? "changed\n" : "-\n";
};
$write = function (int $value) use ($writer) {
    $writer->tell((string) $value);
    $writer->hear();
};
$write(1);
read($a);
read($b);
$say("both have read it");
$write(2);
$say("neither has read the new one");
$write(3);
read($a);
$say("the first has");
$write(4);
read($b);
$say("the second has");
foreach (["read", "ask"] as $function) {
    for ($i = 0; $i < 3; $i++) {
        $write(10 + $i);
        $function($a);
        $say("again the first, by $function");
        $write(20 + $i);
        $function($b);
        $function($b);
        $say("again the second, by $function");
    }
}
// One alone, once the other is gone, and a third one that comes.
$b = null;
$write(30);
read($a);
echo $a->wait("x", 0) ? "changed\n" : "-\n";
$b = clone $a;
$write(31);
read($a);
$say("beside a clone");
$write(32);
read($b);
$say("the clone");
// Its own changes are the other's news.
$a->x = 40;
$say("the first has written");
$a->x++;
$b->x++;
$say("both have counted");
unset($b->x);
$say("the second has removed it");
$writer->tell("end");
echo $writer->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
both have read it             -       -
neither has read the new one  changed changed
the first has                 -       changed
the second has                changed -
again the first, by read      -       changed
again the second, by read     changed -
again the first, by read      -       changed
again the second, by read     changed -
again the first, by read      -       changed
again the second, by read     changed -
again the first, by ask       -       changed
again the second, by ask      changed -
again the first, by ask       -       changed
again the second, by ask      changed -
again the first, by ask       -       changed
again the second, by ask      changed -
-
beside a clone                -       -
the clone                     changed -
the first has written         -       changed
both have counted             changed -
the second has removed it     changed -
exit 0
