--TEST--
A transaction whose file is gone, replaced or cannot grow changes nothing
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 'before';
$say = function (string $how, callable $within) use ($s) {
    try {
        $s->transaction(function ($s) use ($within) {
            $s->x = 'within';
            $s->y = str_repeat('y', 100_000);
            $within();
        });
        echo "$how: nothing\n";
    } catch (SyncException $e) {
        echo "$how: ", preg_replace("~^File '.*' (.*)\\.$~", '$1', $e->getMessage()), "\n";
    }
};
$say('unlinked', fn () => unlink(scratch()));
var_dump(scratch_exists() && isset($s->x));
$s->x = 'before';
$say('replaced', function () {
    $other = new Sync(scratch('other'));
    $other->x = 'the other one';
    rename(scratch('other'), scratch());
});
echo $s->x, "\n";
// A file that is cut short is an empty store for the next one.
$s->x = 'before';
try {
    $s->transaction(function ($s) {
        $s->x = 'within';
        $file = fopen(scratch(), 'r+');
        ftruncate($file, 0);
    });
    echo "emptied: happened\n";
} catch (SyncException $e) {
    echo "emptied: ok\n";
}
$s->x = 'again';
echo $s->x, "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
unlinked: was removed or replaced during a transaction, which has changed nothing
bool(false)
replaced: was removed or replaced during a transaction, which has changed nothing
the other one
emptied: ok
again
