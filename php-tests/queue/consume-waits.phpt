--TEST--
consume() waits for an element as long as $timeout says, and a program that keeps others out must not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('ready');
    // On a file that does not exist yet.
    $s->consume('jobs', fn ($job) => $parent->tell($job), null);
    $s->consume('jobs', fn ($job) => $parent->tell($job), 30);
    $parent->tell($s->consume('jobs', fn () => 0, 0.01) ? 'done' : 'nothing');
    // The element of one that dies.
    $parent->hear();
    $parent->tell('ready');
    $s->consume('jobs', fn ($job) => $parent->tell("second try: $job"), 30);
});
$child->hear();
$s->push('jobs', 'first');
echo $child->hear(), "\n";
$s->jobs[] = 'second';
echo $child->hear(), "\n", $child->hear(), "\n";
$other = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $s->consume('jobs', function () use ($parent) {
        $parent->tell('has it');
        sleep(100);
    }, 30);
});
$s->push('jobs', 'third');
echo $other->hear(), "\n";
$child->tell();
echo $child->hear(), "\n";
$other->kill()->end();
echo $child->hear(), ' ', $child->end(), "\n";

$s->push('jobs', 1, 2);
$refused = fn () => attempt(fn () => $s->consume('jobs', fn () => 0, 1));
$s->lock();
$refused();
var_dump($s->consume('jobs', fn ($job) => print("$job\n")));
$s->unlock();
$s->update('other', $refused);
$s->transaction($refused);
$s->transaction(fn () => attempt(fn () => $s->consume('jobs', fn () => 0)));
// In the function it may wait, lock and have transactions.
$s->consume('jobs', function ($job) use ($s) {
    $s->transaction(fn () => $s->done = $job);
    $s->synchronized(fn () => $s->done++);
    var_dump($s->consume('jobs', fn () => 0, 0.001));
});
var_dump($s->done, $s->stats()['consuming']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
first
second
nothing
has it
ready
second try: third exit 0
SyncException: Can't wait for a change of '{dir}/store': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.
1
bool(true)
SyncException: Can't wait for a change of '{dir}/store': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.
SyncException: consume() can't be called within a transaction: call it before or after.
SyncException: consume() can't be called within a transaction: call it before or after.
bool(false)
int(3)
array(0) {
}
