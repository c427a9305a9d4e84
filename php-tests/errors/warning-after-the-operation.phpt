--TEST--
An operation that finds a damaged file in the place of the one that was open is done and gives its result, or throws the error handler's exception and is not done
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('damage to it'); ?>
--FILE--
<?php
require __DIR__ . '/../include/damaged.inc';

$warnings = 0;
set_error_handler(function () use (&$warnings) {
    throw new ErrorException('warning ' . ++$warnings);
});
foreach ([
    'shift' => fn ($s) => $s->shift('jobs'),
    'push' => fn ($s) => $s->push('jobs', 'third'),
    'transaction' => fn ($s) => $s->transaction(fn () => 'its result'),
    'lock' => fn ($s) => $s->lock() === $s,
    'tryLock' => fn ($s) => is_int($s->tryLock()),
    'consume' => fn ($s) => $s->consume('jobs', fn ($job) => print("$job\n")),
    'update' => fn ($s) => $s->update('n', fn ($n) => $n + 1),
] as $what => $do) {
    $s = new Sync(scratch());
    $s->x = 1;
    damaged_file(scratch(), fn ($s) => $s->push('jobs', 'first', 'second'));
    try {
        $result = $do($s);
    } catch (ErrorException) {
        $result = $do($s);
    }
    try {
        // (An operation that was done leaves the warning to this one.)
        $s->other = [1];
    } catch (ErrorException) {
    }
    echo $what, ': ', json_encode($result), ", warnings: $warnings\n";
    $warnings = 0;
    $s->unlock()->release()->destroy();
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
shift: "first", warnings: 1
push: 3, warnings: 1
transaction: "its result", warnings: 1
lock: true, warnings: 1
tryLock: true, warnings: 1
first
consume: true, warnings: 1
update: 1, warnings: 1
