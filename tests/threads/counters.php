<?php
/* 6 3 5: counts, appends and values of all threads in one file are complete; so are those in each thread's own file. */
require __DIR__ . '/include.inc';

const TIMES = 100;

run(
    before: function () {
        $s = new Sync(scratch());
        $s->n = 0;
        $s->text = '';
        $s->list = [];
    },
    each: function (int $thread, int $request, int $generation) {
        $s = new Sync(scratch());
        $own = new Sync(scratch("own $thread"));
        $own->n ??= 0;
        for ($i = 0; $i < TIMES; $i++) {
            $s->n++;
            $s->{"n $thread"} += 1;
            $s->text .= new class { function __toString(): string { return 'x'; } };
            $s->list[] = "$generation-$thread-$request-$i";
            $own->n++;
            $own->last = $s->n;
            same($own->last, $own->get('last'), 'what was stored last');
        }
        same(($generation * 5 + $request + 1) * TIMES, $own->n, "the count of one's own");
    },
    after: function () {
        $s = new Sync(scratch());
        $all = threads() * 3 * 5 * TIMES;
        same($all, $s->n, 'the count');
        same(str_repeat('x', $all), $s->text, 'the text');
        same($all, count(array_unique($s->list)), 'the list');
        for ($thread = 0; $thread < threads(); $thread++) {
            same($all / threads(), $s->{"n $thread"}, "the count of thread $thread");
        }
    },
);
