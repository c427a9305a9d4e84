--TEST--
With sync.durability=commit everything works as without, set for all or for one object
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its durability'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

ini_set('sync.durability', 'commit');
$s = new Sync(scratch());
ini_set('sync.durability', 'none');
$t = new Sync(scratch('other'), durability: 'commit');
foreach ([$s, $t] as $object) {
    for ($i = 0; $i < 20; $i++) {
        $object->{"k$i"} = str_repeat('v', 1 << $i);
    }
    unset($object->k19);
    $object->lock()->set('n', 1);
    $object->unlock();
}
foreach ([scratch(), scratch('other')] as $file) {
    $reader = new Sync($file);
    var_dump(count((array) $reader->getData()), strlen($reader->k18));
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(20)
int(262144)
int(20)
int(262144)
