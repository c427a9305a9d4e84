--TEST--
An exception knows the file, line and trace of the access, and is caught as an \Exception
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch_unreachable());
function write(Sync $s): void
{
    $s->x = 1;
}
try {
    write($s);
} catch (\Exception $e) {
    var_dump(basename($e->getFile()) === basename(__FILE__), $e->getLine(), $e->getTrace()[0]['function'], $e->getCode());
}
try {
    $s->set('x', 1);
} catch (RuntimeException $e) {
    var_dump($e->getLine(), $e->getTrace()[0]['function']);
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
int(7)
string(5) "write"
int(0)
int(15)
string(3) "set"
