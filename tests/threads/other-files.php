<?php
/* 5 2 4: files are changed, destroyed, deleted and renamed while other threads use them. */
require __DIR__ . '/include.inc';

run(
    each: function (int $thread, int $request) {
        mt_srand($thread * 10 + $request);
        $s = new Sync(scratch('a'));
        $mine = "by $thread";
        for ($i = 0; $i < 200; $i++) {
            switch (mt_rand(0, 7)) {
                case 0: $s->setFile(scratch(['a', 'b', 'c'][mt_rand(0, 2)])); break;
                case 1: $s->destroy(); break;
                case 2: @unlink(scratch('b')); break;
                case 3: @rename(scratch('a'), scratch('c')); break;
                case 4:
                    try {
                        $s->lock()->set($mine, $i);
                    } catch (SyncException $e) {
                        // Another thread has removed the file; any other exception is a fault.
                        str_contains($e->getMessage(), 'is lost') or throw $e;
                    }
                    $s->unlock();
                    break;
                case 5: $s = clone $s; break;
                default: $s->$mine = $i; $s->n++; $s->list[] = $i; count($s);
            }
        }
    },
    after: function () {
        foreach (['a', 'b', 'c'] as $name) {
            (new Sync(scratch($name)))->destroy();
        }
        same([], open_files(), 'files that are open after all were destroyed');
        same(0, mappings(), 'files that are mapped after all were destroyed');
    },
);
