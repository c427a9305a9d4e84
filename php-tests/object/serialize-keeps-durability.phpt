--TEST--
unserialize(serialize($s)) is as durable as the object was
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its durability'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$again = fn (Sync $s) => unserialize(serialize($s));
foreach (['none', 'commit'] as $durability) {
    $s = new Sync(scratch(), durability: $durability);
    ini_set('sync.durability', $durability === 'none' ? 'commit' : 'none');
    var_dump($s->__serialize()['durability'], $again($s)->__serialize() === $s->__serialize());
}
// A handle that was serialized by a version without this field follows the setting.
ini_set('sync.durability', 'commit');
$old = new Sync('/nowhere');
$old->__unserialize(['file' => scratch(), 'properties' => []]);
var_dump($old->__serialize()['durability']);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
string(4) "none"
bool(true)
string(6) "commit"
bool(true)
string(6) "commit"
