--TEST--
Names that each request reads are kept among more names than the cache has room for
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    $misses = function () {
        ob_start();
        phpinfo(INFO_MODULES);
        preg_match('/Cache of this thread.*? (\d+) misses/s', ob_get_clean(), $m);
        return (int) $m[1];
    };
    $s = new Sync(STORES . "/$_GET[kind]");
    $before = $misses();
    for ($i = 0; $i < 200; $i++) {
        $s->{"hot$i"} !== null || exit("there is no hot$i");
    }
    $hot = $misses() - $before;
    for ($i = (int) $_GET['from']; $i < $_GET['to']; $i++) {
        $s->{"cold$i"} !== null || exit("there is no cold$i");
    }
    echo $hot;
    PHP);
const SIZE = 256 << 10;
// Each kind takes more than twice of that.
foreach (['ints' => [4_000, fn ($i) => $i], 'strings' => [2_000, fn ($i) => str_repeat("$i", 50)], 'arrays' => [2_000, fn ($i) => ['number' => $i, 'list' => [$i]]]] as $kind => [$count, $make]) {
    $all = [];
    for ($i = 0; $i < $count; $i++) {
        $all["cold$i"] = $make($i);
    }
    for ($i = 0; $i < 200; $i++) {
        $all["hot$i"] = $make($i);
    }
    (new Sync(scratch($kind)))->setData((object) $all);
    $server = web_server(scratch_directory(), ['-d', 'sync.cache_size=' . SIZE]);
    $part = intdiv($count, 20);
    $hot = [];
    for ($i = 0; $i < 60; $i++) {
        $from = $i * $part % $count;
        $to = $from + $part;
        $hot[] = $server("kind=$kind&from=$from&to=$to");
    }
    // (Where the names come to lie depends on chance: a few of 11,000 may have to make room once.)
    $later = array_sum(array_slice($hot, 5));
    echo "$kind: ", $hot[0], ' at first, ', $later <= 50 ? 'hardly any' : $later, " later\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
ints: 200 at first, hardly any later
strings: 200 at first, hardly any later
arrays: 200 at first, hardly any later
