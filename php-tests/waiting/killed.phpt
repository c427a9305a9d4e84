--TEST--
A waiter and a writer that are killed are no harm to others
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
for ($i = 0; $i < 20; $i++) {
    $waiter = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $s->x;
        $parent->tell("waits");
        $s->wait("x");
    });
    $waiter->hear();
    $waiter->kill()->end();
}
$waiter = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $seen = $s->x;
    $parent->tell("waits");
    while ($seen < 1000) {
        if (!$s->wait("x", PATIENCE)) {
            return 1;
        }
        $seen = $s->x;
    }
});
$waiter->hear();
for ($i = 0; $i < 20; $i++) {
    $writer = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        $parent->tell("writes");
        while (true) {
            $s->x = mt_rand(2, 999);
        }
    });
    $writer->hear();
    $writer->kill()->end();
}
$s->x = 1000;
echo $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
