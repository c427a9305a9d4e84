--TEST--
Without the right to write there are no locks, but a look at those of others
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mode'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$s->tryLock('a');
chmod(scratch(), 0644);
as_nobody(function () {
    $s = new Sync(scratch());
    attempt(fn () => $s->tryLock('b'));
    attempt(fn () => $s->tryLock());
    $s->release('a')->release();
    ['keys' => $keys, 'locks' => [['name' => $name]]] = $s->stats();
    var_dump($keys, $name);
});
var_dump((new Sync(scratch()))->tryLock('a'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: %s
SyncException: %s
int(1)
string(1) "a"
bool(false)
