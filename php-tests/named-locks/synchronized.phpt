--TEST--
synchronized() gives the lock back whatever its function does, and an inner call does not end the outer one's
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
$is_free = function (?string $name) use ($other) {
    $free = is_int($other->tryLock($name));
    $other->release($name);
    return $free ? 'free' : 'locked';
};
foreach (['a', null] as $name) {
    var_dump($s->synchronized(fn () => [1, 'two', func_get_args()], $name));
    echo $is_free($name), "\n";
    attempt(fn () => $s->synchronized(fn () => throw new LogicException('thrown'), $name));
    echo $is_free($name), "\n";
    $s->synchronized(function () use ($s, $name, $is_free) {
        $s->synchronized(fn () => 1, $name);
        echo $is_free($name), ', ';
        attempt(fn () => $s->synchronized(fn () => throw new LogicException('inner'), $name));
        echo $is_free($name), "\n";
    }, $name);
    echo $is_free($name), "\n";
    // A function that gives it back itself, and takes it anew: what it took stays.
    $s->synchronized(function () use ($s, $name) { $s->release($name)->release($name); }, $name);
    echo $is_free($name), "\n";
    $s->synchronized(function () use ($s, $name) { $s->release($name)->tryLock($name); }, $name);
    echo $is_free($name), "\n";
    $s->release($name);
    $s->synchronized(function () use ($s, $name) { $s->tryLock($name); }, $name);
    echo $is_free($name), "\n";
    $s->release($name);
    echo $is_free($name), "\n";
}
$s->synchronized(fn () => $s->setFile(scratch('another'))->tryLock('a'), 'a');
echo $is_free('a'), ' ', (new Sync(scratch('another')))->tryLock('a') ? 'free' : 'locked', "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
array(3) {
  [0]=>
  int(1)
  [1]=>
  string(3) "two"
  [2]=>
  array(0) {
  }
}
free
LogicException: thrown
free
locked, LogicException: inner
locked
free
free
locked
locked
free
array(3) {
  [0]=>
  int(1)
  [1]=>
  string(3) "two"
  [2]=>
  array(0) {
  }
}
free
LogicException: thrown
free
locked, LogicException: inner
locked
free
free
locked
locked
free
free locked
