--TEST--
A request may say with ini_set() how many files stay open after it
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its descriptor'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    if (isset($_GET['open'])) {
        echo count(array_filter(glob('/proc/self/fd/*'), fn ($fd) => str_contains((string) @readlink($fd), '/stores/')));
        exit;
    }
    isset($_GET['limit']) && ini_set('sync.max_handles', $_GET['limit']);
    for ($i = 0; $i < 3; $i++) {
        $s = new Sync(STORES . "/stores/$i");
        $s->x = $i;
    }
    PHP);
mkdir(scratch('stores'));
$server = web_server(scratch_directory());
foreach (['', 'limit=0', '', 'limit=2', 'limit=16'] as $query) {
    $server($query);
    echo "$query: ", $server('open=1'), " open\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
: 3 open
limit=0: 0 open
: 3 open
limit=2: 2 open
limit=16: 3 open
