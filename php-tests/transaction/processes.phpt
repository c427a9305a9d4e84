--TEST--
Transactions that move amounts between names keep the sum, for readers too, also when processes are killed within them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const NAMES = 20;
$s = new Sync(scratch());
$s->setMultiple(array_fill_keys(array_map(fn ($n) => "account$n", range(1, NAMES)), 50));
$move = function () {
    $s = new Sync(scratch());
    for ($n = 0; ; $n++) {
        $s->transaction(function ($s) use ($n) {
            $from = 'account' . random_int(1, NAMES);
            $to = 'account' . random_int(1, NAMES);
            $amount = random_int(1, 10);
            $s->$from -= $amount;
            $s->{"trace$from"} = str_repeat('.', random_int(0, 3000));
            $s->$to += $amount;
            if ($n % 7 === 0) {
                $s->{"log$from"}[] = $amount;
            }
            if ($n % 11 === 0) {
                unset($s->{"log$to"});
            }
        });
    }
};
$movers = [Peer::fork($move), Peer::fork($move), Peer::fork($move)];
$names = array_map(fn ($n) => "account$n", range(1, NAMES));
$sums = 'ok';
for ($round = 0; $round < 300; $round++) {
    $sum = array_sum($s->getMultiple($names));
    $all = 0;
    foreach ($s as $name => $value) {
        $all += str_starts_with($name, 'account') ? $value : 0;
    }
    if ($sum !== 1000 || $all !== 1000) {
        $sums = "$sum and $all in round $round";
    }
    if ($round % 10 === 9) {
        $n = array_rand($movers);
        $movers[$n]->kill()->end();
        $movers[$n] = Peer::fork($move);
    }
}
foreach ($movers as $mover) {
    $mover->kill()->end();
}
echo "sums: $sums\n", 'the sum: ', array_sum($s->getMultiple($names)), "\n";
// A writer waits for the end of a transaction, a reader does not.
$s->x = 'before';
$s->transaction(function ($s) use (&$child) {
    $s->x = 'within';
    $child = Peer::php('$s = new Sync($argv[1]); $parent->tell($s->x); $s->x .= " and then"; $parent->tell("written");', scratch());
    $read = $child->hear();
    if ($read !== 'before') {
        echo "a reader got $read\n";
    }
});
$child->hear();
$child->end();
echo 'writers wait: ', $s->x === 'within and then' ? 'ok' : $s->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
sums: ok
the sum: 1000
writers wait: ok
