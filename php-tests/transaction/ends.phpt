--TEST--
A transaction has not happened, and keeps nobody out, however its function ends before it returns
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$reset = fn () => $s->setMultiple(['a' => 1, 'b' => 1]);
$reset();
try {
    $s->transaction(function ($s) {
        $s->a = 2;
        $s->b = 2;
        throw new Exception('thrown');
    });
} catch (Exception $e) {
    echo 'throws: ', $e->getMessage(), ", $s->a $s->b\n";
}
$ends = [
    'exit' => fn () => exit(3),
    'fatal' => function () {
        ini_set('display_errors', '0');
        eval('function strlen() {}');
    },
    'memory' => function () {
        ini_set('display_errors', '0');
        ini_set('memory_limit', '6M');
        str_repeat('x', 100_000_000);
    },
    'more than fits' => function ($s) {
        ini_set('memory_limit', '6M');
        try {
            for ($n = 0; ; $n++) {
                $s->{"n$n"} = str_repeat('x', 100_000);
            }
        } catch (SyncException $e) {
            exit(str_contains($e->getMessage(), 'memory') ? 4 : 5);
        }
    },
    'timeout' => function () {
        ini_set('display_errors', '0');
        set_time_limit(1);
        while (true);
    },
    'killed' => fn () => posix_kill(getmypid(), SIGKILL),
    'fiber' => fn () => Fiber::suspend(),
    'unlocks' => fn ($s) => $s->unlock(),
];
foreach ($ends as $how => $end) {
    $child = Peer::fork(function () use ($end, $how) {
        $s = new Sync(scratch());
        $run = fn () => $s->transaction(function ($s) use ($end) {
            $s->a = 2;
            $s->b = 2;
            $end($s);
        });
        if ($how === 'fiber') {
            (new Fiber($run))->start();
        } else {
            $run();
        }
    });
    echo "$how: ", $child->end(), ", $s->a $s->b\n";
    $reset();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
throws: thrown, 1 1
exit: exit 3, 1 1
fatal: exit 255, 1 1
memory: exit 255, 1 1
more than fits: exit 4, 1 1
timeout: exit 255, 1 1
killed: signal 9, 1 1
fiber: exit 0, 1 1
unlocks: exit 0, 2 2
