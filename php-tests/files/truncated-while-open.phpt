--TEST--
A file that is emptied while it is open is an empty store, and can be written to again
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its mapping'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
for ($i = 0; $i < 5; $i++) {
    $s->x = str_repeat('x', 100_000);
    $s->y = 1;
    var_dump(strlen($other->x) === 100_000);
    file_put_contents(scratch(), '');
    // Cached values of earlier reads do not hide it.
    var_dump(isset($other->x), $other->getData() == new stdClass);
}
$s->z = 1;
var_dump($other->z, count((array) $other->getData()));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
bool(true)
bool(false)
bool(true)
int(1)
int(1)
