<?php
/* 5 2 4: a setting that a thread changes applies to that request of that thread alone. */
require __DIR__ . '/include.inc';

/** None of them has a bit that the umask takes away. */
const MODES = ['0644', '0600', '0640', '0604', '0700'];

run(function (int $thread, int $request, int $generation) {
    same('0666', ini_get('sync.file_mode'), 'a setting at the beginning of a request');
    same('none', ini_get('sync.durability'), 'a setting at the beginning of a request');
    // Thread 0 has set that no files stay open after its requests.
    $kept = count(array_filter(open_files(), fn ($file) => str_starts_with($file, scratch("$generation $thread "))));
    same($thread > 0 ? $request : 0, $kept, 'files kept open from requests before');
    $thread > 0 || ini_set('sync.max_handles', '0');
    meet();
    if ($thread > 0) {
        ini_set('sync.file_mode', MODES[$thread]);
        ini_set('sync.allowed_classes', $thread % 2 ? '' : 'ArrayObject');
        same(false, @ini_set('sync.durability', "thread $thread"), 'what ini_set() says to an unknown value');
    }
    meet();
    $file = scratch("$generation $thread $request");
    $s = new Sync($file);
    $s->object = new ArrayObject;
    clearstatcache();
    same(MODES[$thread], sprintf('%04o', fileperms($file) & 07777), 'the mode of a file');
    same($thread % 2 ? '__PHP_Incomplete_Class' : 'ArrayObject', get_class($s->object), 'the class of what was read');
});
