--TEST--
A process that serves many requests reads the newest values in each, and keeps few files open
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    $s = new Sync(STORES . '/store');
    if (isset($_GET['open'])) {
        echo count(glob('/proc/self/fd/*'));
        exit;
    }
    $s->n = ($s->n ?? 0) + 1;
    $s->list = [...$s->list ?? [], (object) ['n' => $s->n]];
    echo $s->n, ' ', count($s->list), ' ', $s->fromOutside, "\n";
    PHP);
$server = web_server(scratch_directory());
$s = new Sync(scratch());
$open = [];
for ($i = 1; $i <= 20; $i++) {
    $s->fromOutside = "round $i";
    if ($server('') !== "$i $i round $i\n") {
        echo "round $i failed\n";
    }
    $open[] = $server('open=1');
}
echo max($open) - min($open) <= 1 ? "no more files from request to request\n" : implode(' ', $open) . "\n";
$s->destroy();
$s->fromOutside = 'made anew';
echo $server('');
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
no more files from request to request
1 1 made anew
