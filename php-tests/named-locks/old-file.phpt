--TEST--
Releasing what one does not have leaves a file of the pure-PHP class as it is; a lock turns it into a store
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$data = (object) ['x' => 1];
file_put_contents(scratch(), serialize((object) ['data' => $data, 'timeout' => 0, 'interval' => 0]));
$before = file_get_contents(scratch());
$s = new Sync(scratch());
$s->release('a')->release();
var_dump($s->stats()['keys'], file_get_contents(scratch()) === $before);
var_dump(is_int($s->tryLock('a')), $s->x, $s->stats()['keys']);
$missing = new Sync(scratch('missing'));
$missing->release('a')->release();
var_dump($missing->stats()['keys'], scratch_exists('missing'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(1)
bool(true)
bool(true)
int(1)
int(1)
int(0)
bool(false)
