--TEST--
Locks are no properties, and last while everything is replaced; with the file they are gone
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$s->a = 1;
$token = $s->tryLock('a');
$s->tryLock('b');
var_dump(count($s), isset($s->b), json_encode($s), $other->a);
$other->a = 2;
$other->setData(new stdClass);
unset($other->a);
var_dump($other->tryLock('a'), $s->tryLock('a') === $token);
$s->destroy();
var_dump(($next = $other->tryLock('a')) > $token, $s->tryLock('a'));
scratch_unlink();
var_dump($s->tryLock('a') > $next, $other->tryLock('a'));
$other->release('a');
var_dump($other->tryLock('a'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(false)
string(7) "{"a":1}"
int(1)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
bool(false)
bool(false)
