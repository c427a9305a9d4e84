--TEST--
A file of version 1.5 is turned into ours by the first write, with all that is in it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('the format of earlier versions'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$data = (object) ['b' => str_repeat('b', 100_000), 'a' => [1], 'object' => new ArrayObject([1, 2])];
foreach ([fn (Sync $s) => $s->new = 1, fn (Sync $s) => $s->a = [1], fn (Sync $s) => $s->remove('missing'), fn (Sync $s) => $s->lock()->unlock()] as $i => $write) {
    file_put_contents(scratch(), serialize((object) ['data' => $data, 'lock' => false, 'timeout' => 0, 'interval' => 50000]));
    $s = new Sync(scratch());
    $write($s);
    unset($s->new);
    unset($s);
    $s = new Sync(scratch());
    var_dump($s->getData() == $data, array_keys((array) $s->getData()) === ['b', 'a', 'object'], str_starts_with(file_get_contents(scratch()), 'O:'));
    unset($s);
    unlink(scratch());
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
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
