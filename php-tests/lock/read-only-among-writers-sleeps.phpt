--TEST--
A process with read-only access that finds no pause between the writes of others sleeps between its attempts and handles signals
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
for ($n = 0; $n < 50_000; $n++) {
    $data["key$n"] = $n;
}
$s->setData((object) $data);
chmod(scratch(), 0644);
$writers = [];
for ($i = 0; $i < 2; $i++) {
    $writers[] = Peer::fork(function () {
        $s = new Sync(scratch());
        while (true) {
            $s->key7++;
        }
    });
}
/** Seconds of CPU time that this process has used. */
function processor_time(): float
{
    $usage = getrusage();
    return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
}

as_nobody(function () {
    pcntl_async_signals(true);
    $signals = 0;
    pcntl_signal(SIGALRM, function () use (&$signals) {
        if (++$signals === 2) {
            throw new Exception('enough');
        }
        pcntl_alarm(1);
    });
    $s = new Sync(scratch());
    $slept = true;
    pcntl_alarm(1);
    try {
        while (true) {
            $before = [processor_time(), getrusage()['ru_nvcsw']];
            try {
                count((array) $s->getData()) === 50_000 || print "something is missing\n";
            } finally {
                // An attempt takes some milliseconds of CPU time; attempts may not follow each other without a pause for long.
                if (processor_time() - $before[0] > 0.5 && getrusage()['ru_nvcsw'] - $before[1] < 5) {
                    $slept = false;
                }
            }
        }
    } catch (Exception $e) {
        echo $e->getMessage(), "\n";
    }
    echo $slept ? 'it slept' : 'it did not sleep', "\n";
});
foreach ($writers as $writer) {
    $writer->kill()->end();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
enough
it slept
