--TEST--
compareAndSet() lets one of several processes make each step
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->balance = ['amount' => 2000, 'steps' => 0];
$workers = [];
for ($n = 0; $n < 4; $n++) {
    $workers[] = Peer::fork(function () {
        $s = new Sync(scratch());
        for ($i = 0; $i < 500; $i++) {
            do {
                $old = $s->balance;
            } while (!$s->compareAndSet('balance', $old, ['amount' => $old['amount'] - 1, 'steps' => $old['steps'] + 1]));
        }
        for ($i = 0, $won = 0; $i < 200; $i++) {
            $won += $s->compareAndSet("first $i", null, getmypid());
        }
        $s->{'won ' . getmypid()} = $won;
    });
}
foreach ($workers as $worker) {
    echo $worker->end(), "\n";
}
echo json_encode($s->balance), "\n";
$won = 0;
foreach ($s as $name => $value) {
    $won += str_starts_with($name, 'won ') ? $value : 0;
}
var_dump($won);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
exit 0
exit 0
exit 0
{"amount":0,"steps":2000}
int(200)
