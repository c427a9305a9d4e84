--TEST--
waitFor() returns the first value of which the condition is true
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$other = new Sync(scratch());
var_dump($s->waitFor("missing", fn ($value) => $value === null));
$other->x = 5;
var_dump($s->waitFor("x", fn ($value) => $value > 3, 0));
try {
    $s->waitFor("x", fn ($value) => $value > 5, 0.01);
} catch (SyncTimeoutException $e) {
    echo get_class($e), ": ", shown($e->getMessage()), "\n";
}
// It may write, and use the object.
$calls = 0;
var_dump($s->waitFor("x", function ($value) use ($s, $other, &$calls) {
    $s->calls = ++$calls;
    if ($value < 8) {
        $other->x++;
    }
    $s->x;
    return $value === 8;
}), $calls);
try {
    $s->waitFor("x", fn () => throw new Exception("thrown"));
} catch (Exception $e) {
    echo $e->getMessage(), "\n";
}
try {
    $s->waitFor("x", "no_such_function");
} catch (TypeError $e) {
    echo $e->getMessage(), "\n";
}
$writer = Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    for ($i = 0; $i <= 500; $i++) {
        $s->progress = $i;
    }
});
var_dump($s->waitFor("progress", fn ($value) => $value === 500));
echo $writer->end(), "\n";
class Doubling extends Sync
{
    public function get($name, $default = null) { return 2 * parent::get($name, $default); }
}
$doubling = new Doubling(scratch());
var_dump($doubling->waitFor("x", fn ($value) => $value === 16, 0));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
NULL
int(5)
SyncTimeoutException: The value of 'x' in '{dir}/store' was not what was waited for in time.
int(8)
int(4)
thrown
Sync::waitFor(): Argument #2 ($condition) must be a valid callback, function "no_such_function" not found or invalid function name
int(500)
exit 0
int(16)
