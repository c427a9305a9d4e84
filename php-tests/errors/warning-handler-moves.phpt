--TEST--
Where the error handler calls setFile(), the operation that has met a damaged file is done in the other one
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('damage to it'); ?>
--FILE--
<?php
require __DIR__ . '/../include/damaged.inc';

damaged_file(scratch('damaged'), fn ($s) => $s->x = 1);
$s = new Sync(scratch('damaged'));
set_error_handler(function () use ($s) {
    echo "warned\n";
    $s->setFile(scratch('other'));
    return true;
});
$s->lock();
var_dump((new Sync(scratch('damaged')))->tryLock() !== false, (new Sync(scratch('other')))->tryLock());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
warned
bool(true)
bool(false)
