--TEST--
A process that serves requests for many files does not keep them all open
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its descriptor'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    if (isset($_GET['open'])) {
        echo count(preg_grep('~/stores/~', array_map(fn ($fd) => (string) @readlink($fd), glob('/proc/self/fd/*'))));
        exit;
    }
    $s = new Sync(STORES . "/stores/$_GET[file]");
    $s->n = ($s->n ?? 0) + 1;
    echo $s->n;
    PHP);
mkdir(scratch('stores'));
$server = web_server(scratch_directory());
for ($i = 0; $i < 100; $i++) {
    if ($server("file=$i") !== '1') {
        echo "file $i\n";
    }
}
// A file may be open more than once: for its content, and for its lease.
$open = $server("open=1");
echo $open <= 4 * ini_get("sync.max_handles") ? "few are open\n" : "$open are open\n";
for ($i = 0; $i < 100; $i++) {
    if ($server("file=$i") !== '2') {
        echo "file $i, second time\n";
    }
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
few are open
