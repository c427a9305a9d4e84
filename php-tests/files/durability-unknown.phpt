--TEST--
An unknown durability is refused
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

var_dump(ini_set('sync.durability', 'maybe'), ini_get('sync.durability'));
try {
    new Sync(scratch(), durability: 'maybe');
} catch (ValueError $e) {
    echo get_class($e), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(false)
string(4) "none"
ValueError
