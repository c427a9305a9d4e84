--TEST--
A value expires for all processes, also for one that has it in its cache, and a newer one under its name stays
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->put('a', 'old', 0.2);
$s->put('b', 'old', 0.2);
$reader = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $seen = [];
    do {
        $value = $s->a;
        $seen[json_encode([$value, count($s) - (int) isset($s->b)])] = true;
    } while ($value !== null);
    $parent->tell('gone');
    $parent->hear();
    // Nobody has written in between.
    $parent->tell(json_encode([$s->a, $s->b, count($s)]));
    $parent->hear();
    $parent->tell(json_encode([$s->a, $s->b, $s->keys(), count($s)]));
});
echo $reader->hear(), "\n";
while ($s->ttl('a') !== null || $s->ttl('b') !== null) {
    usleep(1000);
}
$reader->tell();
echo $reader->hear(), "\n";
$s->put('b', 'new', 1000);
// Values that have expired are removed behind writes like these.
for ($i = 0; $i < 3000; $i++) {
    $s->put("n $i", $i, 0.001);
    $s->put('c', $i, 1000);
}
while (count($s) > 2) {
    usleep(1000);
}
$reader->tell();
echo $reader->hear(), "\n";
echo $reader->end(), "\n";
$s->c = 1;
clearstatcache();
var_dump(scratch_bytes() < 600_000);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
gone
[null,null,0]
[null,"new",["b","c"],2]
exit 0
bool(true)
