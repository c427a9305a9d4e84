--TEST--
While lock() is held, no other process sees the holder's intermediate states
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->a = $s->b = 0;
$s->rounds = 0;
$reader = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $parent->tell('reading');
    for ($seen = []; !isset($s->done);) {
        $data = $s->getData();
        if ($data->a !== $data->b) {
            $seen["$data->a $data->b"] = true;
        }
    }
    $parent->tell(implode(', ', array_keys($seen)) ?: 'never half');
});
$reader->hear();
for ($i = 1; $i <= 300; $i++) {
    $s->lock();
    $s->a = $i;
    $s->b = $i;
    $s->unlock();
}
$s->done = true;
echo $reader->hear(), "\n", $reader->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
never half
exit 0
