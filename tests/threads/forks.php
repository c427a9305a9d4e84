<?php
/* 5 2 8: any thread may fork while the others are at work; the child holds nothing of theirs. */
require __DIR__ . '/include.inc';

run(
    before: fn () => (new Sync(scratch()))->setData((object) ['n' => 0, 'children' => 0, 'text' => '']),
    each: function (int $thread, int $request, int $generation) {
        $s = new Sync(scratch());
        $own = new Sync(scratch("own $thread"));
        $own->n = $thread;
        meet();
        if ($thread > 1) {
            for ($i = 0; $i < 200; $i++) {
                $s->n++;
                $s->text .= new class { function __toString(): string { return 'x'; } };
                same($thread, $own->n, 'what only this thread writes');
            }
            return;
        }
        // Two threads fork, one of them while it holds its lock.
        if ($thread === 0) {
            $s->lock();
        }
        $pid = pcntl_fork();
        if ($pid === 0) {
            same($thread, $own->n, 'what the parent has written');
            $s->children++;
            $s->lock();
            $children = $s->children;
            $s->children = $children + 1;
            $s->unlock();
            $own->child = getmypid();
            exit(7);
        }
        if ($thread === 0) {
            $s->n += 5;
            $s->unlock();
        }
        pcntl_waitpid($pid, $status);
        same('exit 7', pcntl_wifexited($status) ? 'exit ' . pcntl_wexitstatus($status) : 'signal ' . pcntl_wtermsig($status), 'how a child ends');
        same($pid, $own->child, 'what the child has written');
        $s->n++;
    },
    after: function () {
        $s = new Sync(scratch());
        same(2 * 8 * 2 * 2, $s->children, 'what children counted');
        same(2 * 8 * (3 * 200 + 5 + 2), $s->n, 'the count');
        same(2 * 8 * 3 * 200, strlen($s->text), 'the text');
    },
);
