--TEST--
sync.cache_size bounds the memory that outlives requests, whatever names are read and values written; 0 keeps nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    if (isset($_GET['figures'])) {
        ob_start();
        phpinfo(INFO_MODULES);
        preg_match('/Cache of this thread.*?(\d+) names, (\d+) bytes/s', ob_get_clean(), $m);
        echo json_encode([(int) $m[1], (int) $m[2]]);
        exit;
    }
    $s = new Sync(STORES . '/store');
    [$from, $to] = [(int) $_GET['from'], (int) $_GET['to']];
    $sum = 0;
    for ($i = $from; $i < $to; $i++) {
        $sum += $s->{"int$i"} + strlen($s->{"string$i"}) + count($s->{"array$i"});
        isset($s->{"missing$i"}) && exit('there is no such name');
    }
    if (isset($_GET['write'])) {
        for ($i = $from; $i < $to; $i++) {
            $s->{"int$i"} += 1;
            $s->{"string$i"} .= 'x';
            $s->{"array$i"}[] = $i;
        }
    }
    echo $sum;
    PHP);
define('NAMES', on_server() ? 800 : 2000);
$s = new Sync(scratch());
$all = [];
for ($i = 0; $i < NAMES; $i++) {
    $all += ["int$i" => $i, "string$i" => str_repeat('s', 50), "array$i" => range(0, 9)];
}
$s->setData((object) $all);
foreach ([0, 16 << 10, 256 << 10, 4 << 20] as $limit) {
    $server = web_server(scratch_directory(), ['-d', "sync.cache_size=$limit"]);
    $most = 0;
    $names = 0;
    foreach (['', '&write=1'] as $write) {
        for ($round = 0; $round < 6; $round++) {
            for ($from = 0; $from < NAMES; $from += NAMES / 4) {
                $to = $from + NAMES / 4;
                $expected = 0;
                foreach (range($from, $to - 1) as $i) {
                    $expected += $s->{"int$i"} + strlen($s->{"string$i"}) + count($s->{"array$i"});
                }
                $sum = $server("from=$from&to=$to$write");
                if ($sum !== (string) $expected) {
                    echo "$limit: $sum is not $expected\n";
                }
                [$now, $bytes] = json_decode($server('figures=1'));
                [$names, $most] = [max($names, $now), max($most, $bytes)];
            }
        }
    }
    // A block of ten ints in an array and its string of fifty bytes are the largest values.
    echo "$limit: ", $most <= $limit + 1024 ? 'within' : "$most bytes", ', ', $names > 0 ? 'something is kept' : 'nothing is kept', "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0: within, nothing is kept
16384: within, something is kept
262144: within, something is kept
4194304: within, something is kept
