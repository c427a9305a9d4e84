--TEST--
The durability of a store on a server is the server's: 'commit' is refused, and the setting is about files alone
--FILE--
<?php
require __DIR__ . '/../include/redis.inc';

attempt(fn () => new Sync('redis://localhost', durability: 'commit'));
attempt(fn () => new Sync('redis://localhost', durability: 'none'));
attempt(fn () => (new Sync(scratch_file('store'), durability: 'commit'))->setFile('redis://localhost')->getFile());
attempt(fn () => new Sync('redis://localhost', durability: 'some'));
ini_set('sync.durability', 'commit');
attempt(fn () => new Sync('redis://localhost'));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
SyncException: The durability of a store on a server is the server's own (its settings appendonly and appendfsync): leave out the argument.
nothing was thrown
nothing was thrown
ValueError: Sync::__construct(): Argument #3 ($durability) must be "none" or "commit"
nothing was thrown
