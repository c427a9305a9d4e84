--TEST--
setMultiple(), removeMultiple() and clear() take arrays and iterators, and change all names in one step
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$show = fn () => json_encode($s->getData()) . "\n";
$s->setMultiple(['a' => 1, 'b' => [2], 7 => 'seven']);
echo $show();
$generator = (function () use ($s) {
    yield 'a' => 'first';
    yield 'c' => 3;
    // The generator may use the object.
    $s->d = $s->a;
    unset($s->d);
    yield 'a' => 'last';
})();
$s->setMultiple($generator);
echo $show();
$s->removeMultiple(new ArrayIterator(['b', 7, 'nobody', 7]));
echo json_encode($s->keys()), "\n";
echo json_encode($s->setMultiple([]) === $s && $s->removeMultiple([]) === $s), "\n";
$s->clear()->setMultiple(['x.1' => 1, 'y' => 2]);
echo json_encode($s->keys()), "\n";
$s->clear('x.');
echo json_encode($s->keys()), "\n";
$s->clear('')->clear('y');
echo json_encode($s->keys()), "\n";
(new Sync(scratch('none')))->clear()->removeMultiple(['a'])->clear('a');
echo 'file exists: ', json_encode(scratch_exists('none')), "\n";
$errors = [fn () => $s->setMultiple(1), fn () => $s->removeMultiple(null), fn () => $s->removeMultiple([[]])];
foreach ($errors as $error) {
    try {
        $error();
    } catch (TypeError $e) {
        echo preg_replace('/^Sync::/', '', $e->getMessage()), "\n";
    }
}
// All or nothing: a value that cannot be stored, an iterator that throws.
$s->kept = 1;
try {
    $s->setMultiple(['p' => 1, 'q' => fn () => 1]);
} catch (SyncException $e) {
    echo get_class($e), "\n", json_encode($s->keys()), "\n";
}
try {
    $s->setMultiple((function () {
        yield 'p' => 1;
        throw new Exception();
    })());
} catch (Exception $e) {
    echo json_encode($s->keys()), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
{"a":1,"b":[2],"7":"seven"}
{"a":"last","b":[2],"7":"seven","c":3}
["a","c"]
true
["x.1","y"]
["y"]
[]
file exists: false
setMultiple(): Argument #1 ($values) must be of type Traversable|array, int given
removeMultiple(): Argument #1 ($names) must be of type Traversable|array, null given
removeMultiple(): Argument #1 ($names) must be an array of names, one of type array given
SyncException
["kept"]
["kept"]
