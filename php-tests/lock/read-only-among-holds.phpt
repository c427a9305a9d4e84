--TEST--
A process with read-only access gets its turns while others hold the lock one after the other
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
chmod(scratch(), 0644);
foreach ([1, 2] as $number) {
    $lockers = [];
    for ($i = 0; $i < $number; $i++) {
        $lockers[] = Peer::fork(function (Peer $parent) {
            $s = new Sync(scratch());
            $stop = false;
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, function () use (&$stop) { $stop = true; });
            $parent->tell('ready');
            for ($holds = 0; !$stop; $holds++) {
                $s->lock();
                usleep(10_000);
                $s->unlock();
            }
            $parent->tell($holds);
        });
    }
    foreach ($lockers as $locker) {
        $locker->hear();
    }
    as_nobody(function () {
        $s = new Sync(scratch());
        for ($n = 0; $n < 20; $n++) {
            $s->x;
            $s->getData();
            usleep(1000);
        }
        echo "it has read\n";
    });
    $holds = array_sum(array_map(fn ($locker) => (int) $locker->kill(SIGUSR1)->hear(), $lockers));
    foreach ($lockers as $locker) {
        $locker->end();
    }
    echo $holds < 40 * 10 ? 'it had its turns' : "40 turns among $holds holds", "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it has read
it had its turns
it has read
it had its turns
