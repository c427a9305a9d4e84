--TEST--
A first write that is refused creates no file
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
try {
    $s->x = fn () => 1;
} catch (Exception $e) {
    echo "refused\n";
}
var_dump(scratch_exists());
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
refused
bool(false)
