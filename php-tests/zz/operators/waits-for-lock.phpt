--TEST--
Operators and nested writes wait for lock() like every other access
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$holder = new Sync(scratch());
$holder->setData((object) ['n' => 1, 'list' => [1], 'object' => (object) ['n' => 1]]);
$holder->lock(1);
$other = new Sync(scratch());
$children = [];
foreach ([function () use ($other) { $other->n++; }, function () use ($other) { $other->n += 1; }, function () use ($other) { $other->list[] = 1; },
    function () use ($other) { unset($other->list[0]); }, function () use ($other) { $other->object->n = 2; }, function () use ($other) { foreach ($other as $k => $v); },
    fn () => count($other), fn () => json_encode($other)] as $access) {
    $children[] = Peer::fork(function (Peer $parent) use ($access) {
        try {
            $access();
            $parent->tell('did not wait');
        } catch (SyncLockTimeoutException $e) {
            $parent->tell('waited');
        }
    });
}
foreach ($children as $child) {
    echo $child->hear(), "\n";
    $child->end();
}
$holder->n++;
$holder->list[] = 2;
$holder->unlock();
var_dump($other->n, $other->list);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
waited
waited
waited
waited
waited
waited
waited
waited
int(2)
array(2) {
  [0]=>
  int(1)
  [1]=>
  int(2)
}
