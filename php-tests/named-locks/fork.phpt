--TEST--
A forked child has none of its parent's locks, and cannot release them
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->tryLock('a');
$s->tryLock();
$child = Peer::fork(function (Peer $parent) use ($s) {
    $s->release('a')->release()->unlock();
    $parent->tell(var_export($s->tryLock('a'), true) . ' ' . var_export($s->tryLock(), true) . ' ' . gettype($s->tryLock('b')));
    $parent->hear();
    unset($s);
});
echo $child->hear(), "\n";
var_dump($s->tryLock('b'));
$child->tell();
echo $child->end(), "\n";
var_dump(is_int($s->tryLock('b')), count($s->stats()['locks']));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
false false integer
bool(false)
exit 0
bool(true)
int(3)
