<?php
/* 5 2 4: a file that is cut short or overwritten while many threads use it is an exception or an empty store. */
require __DIR__ . '/include.inc';

run(
    each: function (int $thread, int $request, int $generation) {
        $s = new Sync(scratch());
        $safe = new Sync(scratch('safe'));
        meet();
        if ($thread === 0) {
            for ($i = 0; $i < 40; $i++) {
                clearstatcache();
                $size = (int) @filesize(scratch());
                $file = fopen(scratch(), 'c+');
                ftruncate($file, [0, 4096, intdiv($size, 2), max(0, $size - 65536)][$i % 4]);
                fclose($file);
                $i % 4 === 3 && @unlink(scratch());
            }
            @unlink(scratch());
            return;
        }
        for ($i = 0; $i < 300; $i++) {
            $safe->n++;
            try {
                $s->{"$thread " . $i % 20} = str_repeat('x', 5000);
                $value = $s->{"$thread " . $i % 20};
                // Cut off in between, or whole.
                same(true, $value === null || $value === str_repeat('x', 5000), 'a value');
                $s->getData();
                $s->list[] = $i;
            } catch (SyncException) {
            }
        }
    },
    after: function () {
        same(2 * 4 * 4 * 300, (new Sync(scratch('safe')))->n, 'the count in another file');
        @unlink(scratch());
        $s = new Sync(scratch());
        $s->x = 1;
        same(1, $s->x, 'a value in a new file');
    },
);
