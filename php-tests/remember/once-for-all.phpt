--TEST--
One process computes a missing value, the others wait for it, and those that want something else do not
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->begun = [];
$ask = fn (string $name) => Peer::fork(function (Peer $parent) use ($name) {
    $s = new Sync(scratch());
    $parent->tell($s->remember($name, function () use ($s, $name, $parent) {
        $s->begun[] = $name;
        $parent->tell('computing');
        return $parent->hear();
    }));
    $parent->hear();
});
$first = $ask('x');
echo $first->hear(), "\n";
$others = [$ask('x'), $ask('x'), $ask('x')];
while ($s->stats()['waiters'] < 3) {
    usleep(1000);
}
$elsewhere = $ask('y');
echo $elsewhere->hear(), "\n";
$elsewhere->tell('of y');
echo $elsewhere->hear(), "\n";
// Nobody is kept from anything meanwhile.
$s->z = 1;
var_dump(is_int($s->tryLock('x')), is_int($s->tryLock()), $s->release()->z);
$first->tell('the value');
foreach ([$first, ...$others] as $peer) {
    echo $peer->hear(), "\n";
    $peer->tell();
}
echo implode(' ', $s->begun), "\n";
$elsewhere->tell();
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
computing
computing
of y
bool(true)
bool(true)
int(1)
the value
the value
the value
the value
x y
