--TEST--
A program may handle, ignore or block SIGBUS, and a file that is cut short is still no signal to it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$takes = [
    'handler' => fn () => pcntl_signal(SIGBUS, fn () => print("a handler\n")),
    'default' => fn () => pcntl_signal(SIGBUS, SIG_DFL),
    'ignored' => fn () => pcntl_signal(SIGBUS, SIG_IGN),
    'blocked' => fn () => pcntl_sigprocmask(SIG_BLOCK, [SIGBUS]),
];
$accesses = [
    'read' => fn (Sync $s) => $s->x,
    'write' => fn (Sync $s) => $s->x = 1,
    'count' => fn (Sync $s) => count($s),
    'lock' => fn (Sync $s) => $s->lock()->unlock(),
];
/** Runs in a child, which an endless loop does not keep for ever. */
function child(string $name, Closure $body): void
{
    $end = Peer::fork(function () use ($body) {
        pcntl_alarm(20);
        $body();
    })->end();
    if ($end !== 'exit 0') {
        echo "$name: $end\n";
    }
}
function store(): Sync
{
    @unlink(scratch());
    $s = new Sync(scratch());
    $s->x = str_repeat('x', 200_000);
    $s->x;
    return $s;
}
function cut(int $length): void
{
    $file = fopen(scratch(), 'r+');
    ftruncate($file, $length);
    fclose($file);
}
/** An access to a file that was cut: an exception or nothing, depending on how much is left. */
function tried(Closure $access, Sync $s): void
{
    try {
        $access($s);
    } catch (SyncException $e) {
        str_contains($e->getMessage(), scratch()) || print("{$e->getMessage()}\n");
    }
}
foreach ($takes as $taken => $take) {
    foreach ($accesses as $accessed => $access) {
        foreach ([0, 5000, 70_000] as $length) {
            child("$taken, then $accessed at $length", function () use ($take, $access, $length) {
                $s = store();
                $take();
                cut($length);
                tried($access, $s);
            });
        }
        child("$taken before the file was opened, then $accessed", function () use ($take, $access) {
            $take();
            $s = store();
            cut(5000);
            tried($access, $s);
        });
    }
    // The lock ends with its object.
    child("$taken under a lock", function () use ($take) {
        $s = store();
        $s->lock();
        cut(0);
        $take();
        unset($s);
    });
}
// While PHP runs a handler, all signals are blocked.
foreach ([true, false] as $at_once) {
    foreach ($accesses as $accessed => $access) {
        foreach ([0, 5000] as $length) {
            child("in a handler, $accessed at $length", function () use ($at_once, $access, $length) {
                $s = store();
                pcntl_async_signals($at_once);
                pcntl_signal(SIGUSR1, function () use ($s, $access, $length, &$handled) {
                    cut($length);
                    tried($access, $s);
                    $handled = true;
                });
                $s->x;
                posix_kill(getmypid(), SIGUSR1);
                $at_once || pcntl_signal_dispatch();
                $handled || print("not handled\n");
            });
        }
    }
}
// A SIGBUS sent by another process goes to the program's handler.
child('sent', function () {
    $s = store();
    pcntl_async_signals(true);
    pcntl_signal(SIGBUS, function () use (&$handled) {
        $handled = true;
    });
    $s->x = 1;
    posix_kill(getmypid(), SIGBUS);
    $handled || print("not handled\n");
});
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
