--TEST--
unlock(), setFile(), destroy() and the end of the object report no lost lock
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
foreach (['unlock' => fn () => $s->unlock(), 'setFile' => fn () => $s->setFile(scratch())] as $name => $end) {
    $s->lock();
    $s->x = $name;
    unlink(scratch());
    $end();
    var_dump($s->x);
}
$s->lock();
$s->destroy();
var_dump($s->x);
$s->lock();
unlink(scratch());
unset($s);
var_dump((new Sync(scratch()))->x);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
NULL
NULL
NULL
