--TEST--
Of 50 processes that add() at once exactly one gets true, also where a value has just expired
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const ROUNDS = 40;
$s = new Sync(scratch());
$workers = [];
for ($n = 0; $n < 50; $n++) {
    $workers[] = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        while (($round = $parent->hear()) !== 'end') {
            $won = 0;
            for ($i = 0; $i < ROUNDS; $i++) {
                $won += (int) $s->add("$round $i", getmypid(), 1000);
            }
            // Values that expire at any moment: whoever stores the next one is counted by it.
            for ($i = 0; $i < ROUNDS; $i++) {
                if ($s->add("$round short", getmypid(), 0.01)) {
                    $s->{"$round won"}++;
                }
            }
            $parent->tell($won);
        }
    });
}
foreach ($workers as $worker) {
    $worker->hear();
}
foreach (['one', 'two'] as $round) {
    foreach ($workers as $worker) {
        $worker->tell($round);
    }
    $won = 0;
    foreach ($workers as $worker) {
        $won += (int) $worker->hear();
    }
    var_dump($won, $s->{"$round won"} >= 1);
}
foreach ($workers as $worker) {
    $worker->tell('end');
    $ends[] = $worker->end();
}
var_dump(array_unique($ends));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(40)
bool(true)
int(40)
bool(true)
array(1) {
  [0]=>
  string(6) "exit 0"
}
