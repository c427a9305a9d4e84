--TEST--
A time to live counts from the moment when the value is stored, not from the call that had to wait for others
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$sync = new Sync(scratch());
$sync->old = 1;
$ways = [
    'put' => fn (Sync $s) => $s->put('x', 1, 1),
    'add' => fn (Sync $s) => $s->add('x', 1, 1),
    'increment' => fn (Sync $s) => $s->increment('x', 1, 1),
    'setMultiple' => fn (Sync $s) => $s->setMultiple(['x' => 1], 1) instanceof Sync,
    'touch' => fn (Sync $s) => $s->touch('old', 1),
];
foreach ($ways as $way => $store) {
    $sync->lock();
    $child = Peer::fork(function (Peer $parent) use ($way, $store) {
        $s = new Sync(scratch());
        $parent->tell('ready');
        $stored = $store($s);
        $name = $way === 'touch' ? 'old' : 'x';
        echo $way, ': ', json_encode($stored), $s->ttl($name) > 0 ? ', there' : ', gone', "\n";
    });
    $child->hear();
    while ($sync->stats()['waiters'] < 1) {
        usleep(100);
    }
    // Longer than it lives.
    usleep(1_100_000);
    $sync->unlock();
    $child->end();
    $sync->remove('x');
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
put: 1, there
add: true, there
increment: 1, there
setMultiple: true, there
touch: true, there
