--TEST--
The constructor wants one path, without NUL bytes
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

attempt(fn () => new Sync);
attempt(fn () => new Sync([]));
attempt(fn () => new Sync(new stdClass));
attempt(fn () => new Sync("/dev/shm/a\0b"));
attempt(fn () => (new Sync(scratch()))->setFile("a\0b"));
attempt(fn () => (new Sync(scratch()))->setFile([]));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
ArgumentCountError: Sync::__construct() expects %s 1 argument, 0 given
TypeError: Sync::__construct(): Argument #1 ($file) must be of type string, array given
TypeError: Sync::__construct(): Argument #1 ($file) must be of type string, stdClass given
ValueError: Sync::__construct(): Argument #1 ($file) must not contain any null bytes
ValueError: Sync::setFile(): Argument #1 ($file) must not contain any null bytes
TypeError: Sync::setFile(): Argument #1 ($file) must be of type string, array given
