--TEST--
Processes that cannot see the id of the boot share a file like all others
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its boot'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

putenv('PEER=' . realpath(__DIR__ . '/../include/peer.inc'));
in_namespace(<<<'PHP'
    require getenv('PEER');
    passthru('mount --bind /dev/null /proc/sys/kernel/random/boot_id');
    $file = $argv[1];
    // None of them writes before the others have opened it.
    $peers = [];
    for ($n = 0; $n < 3; $n++) {
        $peers[] = Peer::fork(function (Peer $parent) use ($file, $n) {
            $s = new Sync($file);
            $parent->tell(json_encode($s->{"of$n"}));
            $parent->hear();
            for ($i = 0; $i < 3000; $i++) {
                $s->n++;
                $s->{"of$n"} = $i;
                if ($s->{"of$n"} !== $i) {
                    $parent->tell("lost $i");
                }
            }
            $parent->tell('done');
            $parent->hear();
        });
    }
    $s = new Sync($file);
    $s->n = 0;
    foreach ($peers as $peer) {
        echo $peer->hear(), ' ';
    }
    foreach ($peers as $peer) {
        $peer->tell();
    }
    foreach ($peers as $peer) {
        echo $peer->hear(), ' ';
        $peer->tell();
    }
    var_dump($s->n);
    PHP, scratch());
// A process that sees the id goes on with the same file.
$s = new Sync(scratch());
var_dump($s->n, $s->n++, count($s));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
null null null done done done int(9000)
int(9000)
int(9000)
int(4)
