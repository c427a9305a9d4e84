--TEST--
The holder of the lock on a file that is replaced is told at the next access of any kind, before anything is changed
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$accesses = [
    'read' => fn ($s) => $s->x,
    'isset' => fn ($s) => isset($s->x),
    'write' => fn ($s) => $s->x = 1,
    'unset' => function ($s) { unset($s->x); },
    '++' => fn ($s) => $s->x++,
    '[]=' => fn ($s) => $s->list[] = 1,
    'count' => fn ($s) => count($s),
    'foreach' => function ($s) { foreach ($s as $value); },
    'setData' => fn ($s) => $s->setData((object) []),
    'lock' => fn ($s) => $s->lock(),
    'destroy' => fn ($s) => $s->destroy(),
];
foreach ($accesses as $name => $access) {
    $s = new Sync(scratch());
    $s->lock();
    $s->x = 'first';
    $other = new Sync(scratch('other'));
    $other->x = 7;
    rename(scratch('other'), scratch());
    echo "$name: ";
    attempt(fn () => $access($s));
    if ((array) $s->getData() !== ['x' => 7]) {
        var_dump($s->getData());
    }
    unlink(scratch());
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
read: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
isset: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
write: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
unset: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
++: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
[]=: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
count: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
foreach: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
setData: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
lock: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
destroy: SyncException: The lock on '{dir}/store' is lost: the file was deleted, replaced or cut short while this object held it. Nothing was changed; call lock() again, and read anew what was read under the lost one.
