--TEST--
remember() gives the value that is there, null too, and computes and stores one that is missing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$calls = 0;
$fn = function () use (&$calls) { $calls++; return ['made', func_get_args()]; };
echo json_encode($s->remember('x', $fn)), json_encode($s->remember('x', $fn)), json_encode($s->x), " $calls\n";
$s->null = null;
var_dump($s->remember('null', $fn), $s->remember('made null', fn () => null), isset($s->{'made null'}), count($s));
var_dump($s->remember('made null', $fn));
unset($s->x);
$s->remember('x', $fn);
echo "$calls\n";
attempt(fn () => $s->remember('y', fn () => throw new LogicException('no')));
attempt(fn () => $s->remember('y', fn () => fn () => 1));
var_dump(isset($s->y), $s->remember('y', fn () => 'after that'));
// No lock that programs name is in the way, or taken.
$other = new Sync(scratch());
$other->tryLock('z');
var_dump($s->remember('z', fn () => is_int($other->tryLock('z')) && $s->tryLock('y') && $other->x));
attempt(fn () => $s->remember("\0", $fn));
attempt(fn () => $s->remember('x', 'no function'));
attempt(fn () => $s->remember('x', $fn, 'soon'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
["made",[]]["made",[]]["made",[]] 1
NULL
NULL
bool(false)
int(3)
NULL
2
LogicException: no
SyncException: %s
bool(false)
string(10) "after that"
bool(true)
Error: Cannot access property starting with "\0"
TypeError: Sync::remember(): Argument #2 ($fn) must be a valid callback, %s
TypeError: Sync::remember(): Argument #3 ($ttl) must be of type %s
