--TEST--
update() leaves the value as it was, and keeps nobody out, however its function ends
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->n = 'before';
$ends = [
    'exit' => fn () => exit(3),
    'fatal' => function () {
        ini_set('display_errors', '0');
        eval('function strlen() {}');
    },
    'memory' => function () {
        ini_set('display_errors', '0');
        ini_set('memory_limit', '4M');
        str_repeat('x', 100_000_000);
    },
    'timeout' => function () {
        ini_set('display_errors', '0');
        set_time_limit(1);
        while (true);
    },
    'killed' => fn () => posix_kill(getmypid(), SIGKILL),
    'fiber' => function () {
        Fiber::suspend();
    },
    'unlocks' => function ($s) {
        $s->unlock();
        return 'unlocked';
    },
];
foreach ($ends as $how => $function) {
    $child = Peer::fork(function () use ($function, $how) {
        $s = new Sync(scratch());
        $update = fn () => $s->update('n', fn () => $function($s));
        if ($how === 'fiber') {
            (new Fiber($update))->start();
        } else {
            $update();
        }
    });
    echo "$how: ", $child->end(), ", $s->n";
    $s->n = 'before';
    echo ", $s->n\n";
}
// A child that is forked inside does it only where the parent has not.
echo $s->update('n', function ($old) use (&$child) {
    $child = Peer::fork(function (Peer $parent) {});
    return "$old and after";
}), "\n";
echo $child->end(), ", $s->n\n";
// … and is told so.
$parent = getmypid();
$pid = null;
try {
    echo $s->update('n', function () use (&$pid) {
        $pid = pcntl_fork();
        return $pid ? 'of the parent' : 'of the child';
    }), "\n";
} catch (SyncException $e) {
    file_put_contents(scratch_file('child'), $e->getMessage());
}
if (getmypid() !== $parent) {
    posix_kill(getmypid(), SIGKILL);
}
pcntl_waitpid($pid, $status);
echo file_get_contents(scratch_file('child')), "\n$s->n\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit: exit 3, before, before
fatal: exit 255, before, before
memory: exit 255, before, before
timeout: exit 255, before, before
killed: signal 9, before, before
fiber: exit 0, before, before
unlocks: exit 0, unlocked, before
before and after
exit 0, before and after
of the parent
Can't update property 'n': this process was forked inside of the function that updates it. The update is the parent's; end the child in there.
of the parent
