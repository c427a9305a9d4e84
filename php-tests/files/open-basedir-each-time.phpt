--TEST--
open_basedir is asked by each new object: as ini_set() has set it, and in each request of one process
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its path'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mkdir(scratch('inside'));
mkdir(scratch('other'));
(new Sync(scratch('inside/store')))->set('x', 'inside');
(new Sync(scratch('other/store')))->set('x', 'other');
file_put_contents(scratch_file('index.php'), <<<'PHP'
    <?php
    $read = function (string $file): string {
        try {
            return (new Sync(__DIR__ . "/$file/store"))->x;
        } catch (SyncException $e) {
            return str_contains($e->getMessage(), 'open_basedir') ? 'refused' : $e->getMessage();
        }
    };
    $both = fn () => @$read('inside') . ' ' . @$read('other');
    echo $both(), ', ';
    if (isset($_GET['restrict'])) {
        ini_set('open_basedir', __DIR__ . '/inside');
        echo $both(), ', ', $both(), ', ';
        // Only further inside is allowed.
        ini_set('open_basedir', __DIR__ . '/inside/nowhere');
        echo $both();
    }
    PHP);
$server = web_server(scratch_directory());
$seen = [];
for ($i = 0; $i < 50; $i++) {
    $seen[$server('') . '/ ' . $server('restrict')] = 1;
}
echo implode("\n", array_keys($seen)), "\n";
// A link that leads out is followed before each look, and so is one that this program has changed.
chdir(scratch('inside'));
symlink(scratch('inside'), scratch('inside/link'));
ini_set('open_basedir', scratch('inside'));
$seen = [];
$read = function (string $file): string {
    try {
        return @(new Sync($file))->x;
    } catch (SyncException $e) {
        return 'refused';
    }
};
for ($i = 0; $i < 100; $i++) {
    $seen[implode(' ', [$read('store'), $read('link/store'), $read('../other/store'), $read('store')])] = 1;
}
echo implode(' | ', array_keys($seen)), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>

--EXPECT--
inside other, / inside other, inside refused, inside refused, refused refused
inside inside refused inside
