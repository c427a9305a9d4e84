--TEST--
A store in a folder that may not be searched is not read as an empty one: every read says that it is not readable
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('closed/folder'), recursive: true);
$s = new Sync(scratch('closed/folder/store'));
$s->x = 1;
chmod(scratch('closed'), 0666);
as_nobody(function () use ($s) {
    // One object that has had the file open already, and one that has not.
    foreach ([$s, new Sync(scratch('closed/folder/store')), new Sync(scratch('closed/folder/missing'))] as $s) {
        $said = [];
        foreach ([
            'read' => fn () => $s->x,
            'get' => fn () => $s->get('x', 'default'),
            'isset' => fn () => isset($s->x),
            'empty' => fn () => empty($s->x),
            'coalesce' => fn () => $s->x ?? 'default',
            'has' => fn () => $s->has('x'),
            'element' => fn () => $s['x'],
            'property_exists' => fn () => property_exists($s, 'x'),
            'count' => fn () => count($s),
            'foreach' => fn () => iterator_to_array($s),
            'getData' => fn () => $s->getData(),
            'cast' => fn () => (array) $s,
            'json' => fn () => json_encode($s),
            'unset' => function () use ($s) { unset($s->x); },
            'remove' => fn () => $s->remove('x'),
            'destroy' => fn () => $s->destroy(),
        ] as $what => $access) {
            try {
                $access();
                echo "$what: nothing was thrown\n";
            } catch (SyncException $e) {
                $said[shown($e->getMessage())][] = $what;
            }
        }
        foreach ($said as $message => $which) {
            echo $message, ' (', count($which), ")\n";
        }
        attempt(fn () => $s->x = 2);
    }
});
chmod(scratch('closed'), 0777);
var_dump($s->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
File '{dir}/closed/folder/store' is not readable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched. (16)
SyncException: File '{dir}/closed/folder/store' is not readable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched.
File '{dir}/closed/folder/store' is not readable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched. (16)
SyncException: Directory '{dir}/closed/folder' does not exist or is not writable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched.
File '{dir}/closed/folder/missing' is not readable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched. (16)
SyncException: Directory '{dir}/closed/folder' does not exist or is not writable. The directory '{dir}/closed' belongs to %s:%s with mode 0666, and this process runs as %s:%s, so that it may not be searched.
int(1)
