<?php
/* 8 16 2: a thread's open files, mappings and leases are released when it ends, however many threads there were. */
require __DIR__ . '/include.inc';

/** How many leases there are on this run's files. */
function leases(): int
{
    $leases = 0;
    $locks = file_get_contents('/proc/locks');
    foreach (glob(scratch('*')) as $file) {
        ['dev' => $device, 'ino' => $inode] = stat($file);
        $leases += substr_count($locks, sprintf(' %02x:%02x:%d ', $device >> 8, $device & 0xff, $inode));
    }
    return $leases;
}

/** Reads again: the kernel lists a lock twice, or not at all, if any process locks meanwhile. */
function same_leases(int $expected, string $what): void
{
    for ($i = 0; $i < 100 && leases() !== $expected; $i++);
    same($expected, $i < 100 ? $expected : leases(), $what);
}

run(
    before: function () {
        $s = new Sync(scratch());
        $s->x = 1;
    },
    each: function (int $thread, int $request) {
        for ($i = 0; $i < 10; $i++) {
            $s = new Sync(scratch("$thread $i"));
            $s->n++;
        }
        // Each thread has a lease of its own on each of its files.
        meet();
        if ($thread === 0) {
            same_leases(8 * 10 + 1, 'leases of all threads');
        }
        meet();
    },
    after: function () {
        // Only those of the main thread are left.
        same([scratch()], open_files(), 'files that are open after all threads have ended');
        same(1, mappings(), 'files that are mapped after all threads have ended');
        same_leases(1, 'leases after all threads have ended');
        foreach (glob(scratch('* *')) as $file) {
            same(16 * 2, (new Sync($file))->n, "the count in $file");
        }
    },
);
