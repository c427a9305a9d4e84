--TEST--
Every way to access the data waits for the lock
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$other = new Sync(scratch());
$holder->x = 1;
$holder->lock(1);
$accesses = [
    'isset' => fn () => isset($other->x),
    'unset' => function () use ($other) { unset($other->x); },
    'get' => fn () => $other->get('x'),
    'set' => fn () => $other->set('x', 2),
    'has' => fn () => $other->has('x'),
    'remove' => fn () => $other->remove('x'),
    '[]' => fn () => $other['x'],
    'isset []' => fn () => isset($other['x']),
    'getData' => fn () => $other->getData(),
    'setData' => fn () => $other->setData(new stdClass),
    'lock' => fn () => $other->lock(),
];
// In children, all at the same time: each waits its second.
$children = [];
foreach ($accesses as $what => $access) {
    $children[$what] = Peer::fork(function (Peer $parent) use ($access) {
        try {
            $access();
            $parent->tell('did not wait');
        } catch (SyncLockTimeoutException $e) {
            $parent->tell(strtok($e->getMessage(), '.') . '.');
        }
    });
}
foreach ($children as $what => $child) {
    echo str_pad($what, 10), $child->hear(), "\n";
    $child->end();
}
$holder->unlock();
var_dump($other->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
isset     Can't access shared object, it is still locked after 1 second(s).
unset     Can't access shared object, it is still locked after 1 second(s).
get       Can't access shared object, it is still locked after 1 second(s).
set       Can't access shared object, it is still locked after 1 second(s).
has       Can't access shared object, it is still locked after 1 second(s).
remove    Can't access shared object, it is still locked after 1 second(s).
[]        Can't access shared object, it is still locked after 1 second(s).
isset []  Can't access shared object, it is still locked after 1 second(s).
getData   Can't access shared object, it is still locked after 1 second(s).
setData   Can't access shared object, it is still locked after 1 second(s).
lock      Can't access shared object, it is still locked after 1 second(s).
int(1)
