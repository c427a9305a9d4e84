--TEST--
A program that an error handler ends, when it takes the first job of a damaged file, has not taken it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('damage to it'); ?>
--FILE--
<?php
require __DIR__ . '/../include/damaged.inc';

damaged_file(scratch(), fn ($s) => $s->push('jobs', 'first', 'second'));
echo Peer::fork(function () {
    set_error_handler(fn () => exit("the handler\n"));
    var_dump((new Sync(scratch()))->shift('jobs'));
})->end(), "\n";
var_dump((new Sync(scratch()))->shift('jobs'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
the handler
exit 0
string(5) "first"
