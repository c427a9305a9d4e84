--TEST--
Nested and circular calls come to an end, and a holder of the whole is not left waiting
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
echo $s->remember('a', fn () => 'a of ' . $s->remember('b', fn () => 'b')), "\n";
// In itself, it is another computation.
echo $s->remember('self', fn () => 'outer ' . $s->remember('self', fn () => 'inner')), "\n";
var_dump($s->self);
// Another object of this process, and a fiber, compute for themselves: nobody else could.
$other = new Sync(scratch());
echo $s->remember('c', fn () => 'c of ' . $other->remember('c', fn () => 'the other')), "\n";
$fiber = new Fiber(fn () => $s->remember('d', function () { Fiber::suspend(); return 'fiber'; }));
$fiber->start();
echo $s->remember('d', fn () => 'main'), "\n";
$fiber->resume();
echo $fiber->getReturn(), "\n";
// Two that wait for each other.
$cycle = fn (string $mine, string $its) => Peer::fork(function (Peer $parent) use ($mine, $its) {
    $s = new Sync(scratch());
    $parent->tell($s->remember($mine, function () use ($s, $parent, $mine, $its) {
        $parent->tell('computing');
        $parent->hear();
        return "$mine of " . $s->remember($its, fn () => "a $its of its own");
    }));
});
$peers = [$cycle('one', 'two'), $cycle('two', 'one')];
foreach ($peers as $peer) {
    echo $peer->hear(), "\n";
}
foreach ($peers as $peer) {
    $peer->tell();
}
foreach ($peers as $n => $peer) {
    echo preg_match(['~^one of ~', '~^two of ~'][$n], $peer->hear()), "\n";
}
$computing = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->remember('elsewhere', function () use ($parent) { $parent->tell('computing'); $parent->hear(); });
    $parent->tell('done');
});
echo $computing->hear(), "\n";
$s->lock();
attempt(fn () => $s->remember('elsewhere', fn () => print 'never'));
echo $s->remember('here', fn () => 'nobody else computes this'), "\n";
$s->unlock();
attempt(fn () => $s->update('u', fn () => $s->remember('elsewhere', fn () => print 'never')));
$computing->tell();
echo $computing->hear(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
a of b
outer inner
string(11) "outer inner"
c of the other
main
fiber
computing
computing
1
1
computing
SyncException: Can't wait for the value of 'elsewhere' in '{dir}/store', which another object or fiber is computing, while this object keeps all others out, by lock(), a transaction or an update: the other one could not go on. Call remember() before that, or end that first.
nobody else computes this
SyncException: Can't wait for the value of 'elsewhere' in '{dir}/store', which another object or fiber is computing, while this object keeps all others out, by lock(), a transaction or an update: the other one could not go on. Call remember() before that, or end that first.
done
