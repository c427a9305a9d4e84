--TEST--
While a fiber is suspended inside an operator, no other writer may write; in the same process the attempt is an exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';
require __DIR__ . '/../include/suspends.inc';

$s = new Sync(scratch());
$s->text = 'a';
$s->list = [1];
$s->n = 0;
$fiber = new Fiber(function () use ($s) {
    $s->text .= new Suspends('f');
    $s->n++;
});
$fiber->start();
$t = clone $s;
// Each of these would be lost, or let others write, or wait for ever.
attempt(fn () => $s->text = 'lost');
foreach ([
    'an operator' => fn () => $s->text .= 'lost',
    'one on a number' => fn () => $s->n++,
    'one with user code' => fn () => $s->n .= new Suspends('lost'),
    'one inside' => fn () => $s->list[0] .= 'lost',
    'append' => fn () => $s->list[] = 2,
    'append to all' => fn () => $s[] = 2,
    'a new name' => fn () => $s->new = 1,
    'set' => fn () => $s->set('n', 1),
    'unset' => function () use ($s) { unset($s->text); },
    'setData' => fn () => $s->setData(new stdClass),
    'lock' => fn () => $s->lock(),
    'lock with a timeout' => fn () => $s->lock(5),
    'destroy' => fn () => $s->destroy(),
    'another fiber' => fn () => (new Fiber(fn () => $s->text .= 'lost'))->start(),
    'another object' => fn () => $t->text .= 'lost',
] as $what => $body) {
    try {
        $body();
        echo "$what: done\n";
    } catch (SyncException $e) {
        echo "$what: ", get_class($e), "\n";
    }
}
echo 'others may ', others_may(), "\n";
$s->unlock();
echo 'others may ', others_may(), "\n";
// Reading still works.
var_dump($s->text, isset($s->n), count($s));
$fiber->resume();
echo 'others may ', others_may(), "\n";
$s->text .= '!';
var_dump($s->text, $s->n, $fiber->isTerminated());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: Can't access shared object: an operator, an update or a transaction of this same process is at work on '{dir}/store', in a fiber that is suspended or in the code that called this, so that waiting would never end. Let it finish first.
an operator: SyncException
one on a number: SyncException
one with user code: SyncException
one inside: SyncException
append: SyncException
append to all: SyncException
a new name: SyncException
set: SyncException
unset: SyncException
setData: SyncException
lock: SyncException
lock with a timeout: SyncException
destroy: SyncException
another fiber: SyncException
another object: SyncException
others may read
others may read
string(1) "a"
bool(true)
int(3)
others may write
string(3) "af!"
int(1)
bool(true)
