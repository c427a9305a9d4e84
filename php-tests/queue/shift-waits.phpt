--TEST--
shift() waits for an element as long as $timeout says, and a program that keeps others out must not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$child = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('ready');
    // On a file that does not exist yet.
    $parent->tell($s->shift('jobs', null));
    $parent->tell($s->shift('jobs', 30, 'none'));
    $parent->tell($s->shift('jobs', 0.01, 'none'));
});
$child->hear();
$s->push('jobs', 'first');
var_dump($child->hear());
$s->jobs[] = 'second';
var_dump($child->hear(), $child->hear(), $child->end());
attempt(fn () => $s->shift('jobs', -1));
attempt(fn () => $s->shift('jobs', NAN));
attempt(fn () => $s->shift('jobs', 'soon'));
$s->number = 7;
attempt(fn () => $s->shift('number', 1));
$s->push('jobs', 'third');
$s->lock();
attempt(fn () => $s->shift('jobs', 1));
var_dump($s->shift('jobs'), $s->shift('jobs'));
$s->unlock();
$s->update('other', function () use ($s) {
    attempt(fn () => $s->shift('jobs', 1));
});

// Signal handlers run meanwhile, and may throw.
pcntl_async_signals(true);
$waiting = false;
pcntl_signal(SIGUSR1, function () use (&$waiting) {
    if ($waiting) {
        $waiting = false;
        throw new Exception('interrupted');
    }
});
$parent = getmypid();
$child = Peer::fork(function () use ($parent) {
    while (posix_kill($parent, SIGUSR1)) {
        usleep(1000);
    }
});
attempt(function () use ($s, &$waiting) {
    $waiting = true;
    $s->shift('jobs', null);
});
$child->kill()->end();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(5) "first"
string(6) "second"
string(4) "none"
string(6) "exit 0"
ValueError: Sync::shift(): Argument #2 ($timeout) must be greater than or equal to 0
ValueError: Sync::shift(): Argument #2 ($timeout) must be greater than or equal to 0
TypeError: Sync::shift(): Argument #2 ($timeout) must be of type ?float, string given
SyncException: Can't use property 'number' in '{dir}/store' as a queue: it is no array, but of type int.
SyncException: Can't wait for a change of '{dir}/store': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.
string(5) "third"
NULL
SyncException: Can't wait for a change of '{dir}/store': this process keeps all others from writing to it, by lock(), a transaction or an update, so that waiting would never end. End that first.
Exception: interrupted
