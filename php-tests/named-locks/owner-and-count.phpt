--TEST--
A lock of a name is one object's, until it is released as often as it was taken
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$token = $s->tryLock('a');
var_dump(is_int($token) && $token > 0, $s->tryLock('a') === $token, $other->tryLock('a'));
var_dump(($next = $other->tryLock('b')) > $token);
var_dump($other->release('a') === $other, (clone $s)->release('a')->tryLock('a'));
$s->release('a');
var_dump($other->tryLock('a'));
$s->release('a')->release('a')->release('never');
var_dump($other->tryLock('a') > $next, $s->tryLock('a'));
unset($other);
var_dump(is_int($s->tryLock('a')), is_int($s->tryLock('b')), is_int($s->tryLock('')), is_int($s->tryLock("\0\xff")));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(false)
bool(true)
bool(false)
bool(true)
bool(true)
bool(true)
bool(true)
