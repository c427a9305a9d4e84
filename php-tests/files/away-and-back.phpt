--TEST--
A file that was away for a moment has its old content when it is back, whatever was in its place meanwhile
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$other = Peer::fork(function (Peer $parent) {
    for (;;) {
        [$what, $file] = explode(' ', $parent->hear());
        if ($what === 'end') {
            return;
        }
        $s = new Sync($file);
        $s->list[] = 'theirs';
        $parent->tell('done');
    }
});
mkdir(scratch('one'));
mkdir(scratch('two'));
$file = scratch('folder/store');
$away = scratch('folder/away');
$replaced = fn (Closure $by) => [
    function () use ($file, $away, $by) {
        rename($file, $away);
        $by($file);
    },
    fn () => rename($away, $file),
];
$ways = [
    'renamed' => [fn () => rename($file, $away), fn () => rename($away, $file)],
    'another' => $replaced(function ($file) {
        $s = new Sync($file);
        $s->other = 1;
    }),
    'a copy' => $replaced(fn ($file) => copy("$file/../away", $file)),
    'emptied' => $replaced(fn ($file) => file_put_contents($file, '')),
    'a store without content' => $replaced(function ($file) {
        $s = new Sync($file);
        $s->lock();
        $s->unlock();
    }),
    'emptied and restored' => [
        function () use ($file, $away) {
            copy($file, $away);
            file_put_contents($file, '');
        },
        function () use ($file, $away) {
            file_put_contents($file, file_get_contents($away));
            unlink($away);
        },
    ],
    'a folder switched' => [
        function () {
            unlink(scratch('folder'));
            symlink(scratch('two'), scratch('folder'));
        },
        function () {
            unlink(scratch('folder'));
            symlink(scratch('one'), scratch('folder'));
        },
    ],
];
symlink(scratch('one'), scratch('folder'));
foreach ($ways as $name => [$go, $return]) {
    $s = new Sync($file);
    $s->n = 100;
    $s->list = [1, 2];
    [$s->n, $s->list];
    foreach ([fn () => $s->n, fn () => isset($s->n), fn () => $s->list, fn () => $s->list ?? null, fn () => count($s)] as $look) {
        $go();
        @$look();
        $return();
        if ($s->n !== 100 || !isset($s->n) || $s->list !== [1, 2]) {
            echo "$name: ", json_encode([$s->n, $s->list]), "\n";
        }
    }
    $go();
    @[$s->n, $s->list];
    $return();
    $s->n++;
    $s->n += 5;
    $other->tell("append $file");
    $other->hear();
    $s->list[] = 'ours';
    echo "$name: ", json_encode([$s->n, $s->list, (new Sync($file))->n]), "\n";
    unlink($file);
}
$other->tell('end -');
echo $other->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
@unlink(scratch('folder'));
scratch_remove();
?>
--EXPECT--
renamed: [106,[1,2,"theirs","ours"],106]
another: [106,[1,2,"theirs","ours"],106]
a copy: [106,[1,2,"theirs","ours"],106]
emptied: [106,[1,2,"theirs","ours"],106]
a store without content: [106,[1,2,"theirs","ours"],106]
emptied and restored: [106,[1,2,"theirs","ours"],106]
a folder switched: [106,[1,2,"theirs","ours"],106]
exit 0
