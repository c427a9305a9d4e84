--TEST--
update() replaces a value by what a function makes of it, as one step
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
var_dump($s->update('n', fn ($old) => $old + 1, 10), $s->update('n', fn ($old) => $old + 1, 10), $s->n);
var_dump($s->update('missing', fn ($old) => $old));
var_dump(array_key_exists('missing', (array) $s->getData()));
$workers = [];
for ($n = 0; $n < 3; $n++) {
    $workers[] = Peer::fork(function () {
        $s = new Sync(scratch());
        for ($i = 0; $i < 300; $i++) {
            $s->update('both', fn ($old) => ['n' => $old['n'] + 1, 'twice' => $old['twice'] + 2], ['n' => 0, 'twice' => 0]);
        }
    });
}
foreach ($workers as $worker) {
    echo $worker->end(), "\n";
}
echo json_encode($s->both), "\n";

// The function's own write under the name is overwritten; other names stay.
echo $s->update('n', function () use ($s) {
    $s->n = 'inner';
    $s->other = 'stays';
    return 'outer';
}), " $s->n $s->other\n";
attempt(fn () => $s->update('n', fn () => throw new Exception('thrown')));
attempt(fn () => $s->update('n', fn () => fn () => 1));
attempt(fn () => $s->update('n', 'no_such_function'));
attempt(fn () => $s->update('n', 5));
var_dump($s->n);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(11)
int(12)
int(12)
NULL
bool(true)
exit 0
exit 0
exit 0
{"n":900,"twice":1800}
outer outer stays
Exception: thrown
SyncException: Can't store property 'n' in '{dir}/store': Serialization of 'Closure' is not allowed
TypeError: Sync::update(): Argument #2 ($fn) must be a valid callback, function "no_such_function" not found or invalid function name
TypeError: Sync::update(): Argument #2 ($fn) must be a valid callback, no array or string given
string(5) "outer"
