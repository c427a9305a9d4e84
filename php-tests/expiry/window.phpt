--TEST--
A counter with a window never stays without an expiry, however many processes count when it ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$workers = [];
for ($n = 0; $n < 6; $n++) {
    $workers[] = Peer::fork(function (Peer $parent) use ($n) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        $parent->hear();
        [$counted, $windows, $last] = [0, 0, 0];
        while ($windows < 40) {
            $now = $s->increment('hits', 1, 0.004);
            $windows += $now < $last || $now === 1;
            $last = $now;
            $counted++;
            // Others that change what is there, or find nothing.
            $n % 2 ? $s->update('list', fn ($old) => $old === null ? null : [...$old, 1]) : $s->add('list', [], 0.004);
        }
        $s->increment('all', $counted);
    });
}
foreach ($workers as $worker) {
    $worker->hear();
}
foreach ($workers as $worker) {
    $worker->tell();
}
foreach ($workers as $worker) {
    $ends[] = $worker->end();
}
var_dump(array_unique($ends), $s->all >= 240);
while ($s->ttl('hits') !== null) {
    usleep(1000);
}
var_dump($s->hits);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(1) {
  [0]=>
  string(6) "exit 0"
}
bool(true)
NULL
