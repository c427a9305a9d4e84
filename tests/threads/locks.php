<?php
/* 5 2 6: lock() of one thread makes the others wait, until unlock(), the request's end or the thread's. */
require __DIR__ . '/include.inc';

run(
    before: function () {
        $s = new Sync(scratch());
        $s->n = 0;
    },
    each: function (int $thread, int $request, int $generation) {
        $s = new Sync(scratch());
        switch ($request) {
            case 0:
                // Reads, then writes: exact only if no other thread writes in between.
                for ($i = 0; $i < 100; $i++) {
                    $s->lock();
                    $n = $s->n;
                    $s->n = $n + 1;
                    $s->unlock();
                }
                meet();
                return;
            case 1:
                if ($thread === 0) {
                    $s->lock(1);
                    $s->x = 'locked';
                    meet();
                    // The others give up after a second.
                    meet();
                    $s->unlock();
                    meet();
                } else {
                    meet();
                    $late = 'SyncLockTimeoutException: Can\'t access shared object, it is still locked after 1 second(s). The lock on \'' . scratch() . '\' is held by another thread of this same process.';
                    same($late, thrown(fn () => $thread % 2 ? $s->x : $s->x = 1), 'an access while another thread holds the lock');
                    meet();
                    meet();
                    same('locked', $s->x, 'what was written under the lock');
                }
                meet();
                return;
            case 2:
                // Another object of one's own thread would wait for ever; one of another thread waits.
                if ($thread === 0) {
                    $s->lock();
                    $other = new Sync(scratch());
                    same('SyncException', strstr(thrown(fn () => $other->x), ':', true), "an access to what one's own thread holds");
                    meet();
                    $s->x = 'unlocked';
                    $s->unlock();
                } else {
                    meet();
                    same('unlocked', $s->x, 'what was there when the lock ended');
                }
                meet();
                return;
            default:
                meet();
                // The lock is never released by unlock(): a cycle keeps the object until the request
                // ends; after the last request the thread ends as well.
                if ($thread === $request % threads()) {
                    $cycle = new stdClass;
                    $cycle->self = $cycle;
                    $cycle->sync = $s;
                    $s->lock();
                    meet();
                    $s->x = "end of $request";
                } else {
                    meet();
                    same("end of $request", $s->x, 'what was there when the request ended');
                }
        }
    },
    after: fn () => same(threads() * 2 * 100, (new Sync(scratch()))->n, 'the count under lock()'),
);
