<?php
/* 4 1 1: a child that is forked while another thread uses Sync for the first time can use it, too. */
require __DIR__ . '/include.inc';

const PROCESSES = 60;

if (getenv('FIRST_USE') !== false) {
    // One of many processes, each with a first use.
    run(function (int $thread) {
        meet();
        if ($thread % 2) {
            usleep(mt_rand(0, 100));
            $s = new Sync(scratch());
            $s->{"n $thread"}++;
            return;
        }
        usleep(mt_rand(0, 200));
        $pid = pcntl_fork();
        if ($pid === 0) {
            pcntl_alarm(20);
            $s = new Sync(scratch());
            $s->children++;
            exit(7);
        }
        pcntl_waitpid($pid, $status);
        same('exit 7', pcntl_wifexited($status) ? 'exit ' . pcntl_wexitstatus($status) : 'signal ' . pcntl_wtermsig($status), 'how a child ends');
    });
    return;
}

run(
    each: fn () => null,
    after: function () {
        $itself = [readlink('/proc/self/exe'), __FILE__, '4', '1', '1'];
        for ($i = 0; $i < PROCESSES; $i++) {
            $process = proc_open($itself, [], $pipes, null, getenv() + ['FIRST_USE' => '1']);
            same(0, proc_close($process), "how process $i ends");
        }
        $s = new Sync(scratch());
        same(PROCESSES, $s->{'n 1'}, 'the count of a thread');
        same(PROCESSES * 2, $s->children, 'the count of children');
    },
);
