<?php
/* 8 2 1: each of many threads may have many files in use. */
require __DIR__ . '/include.inc';

const FILES = 200;

run(
    each: function (int $thread, int $request, int $generation) {
        $all = [];
        for ($i = 0; $i < FILES; $i++) {
            $all[$i] = new Sync(scratch("$thread $i"));
            same('', thrown(fn () => $all[$i]->n++), "file $i of thread $thread");
        }
        meet();
        // A child closes the files of all threads.
        if ($thread === 0) {
            $pid = pcntl_fork();
            if ($pid === 0) {
                exit(count(open_files()));
            }
            pcntl_waitpid($pid, $status);
            same(0, pcntl_wexitstatus($status), 'files that a child has open');
        }
        meet();
        foreach ($all as $s) {
            same($generation + 1, $s->n, 'a count');
        }
    },
    after: fn () => same([0, 0], [count(open_files()), mappings()], 'files open and mapped after all threads have ended'),
);
