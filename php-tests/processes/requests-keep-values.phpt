--TEST--
A process that serves many requests decodes a value twice, and keeps it for those that follow
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

scratch_page(<<<'PHP'
    <?php
    if (isset($_GET['figures'])) {
        ob_start();
        phpinfo(INFO_MODULES);
        preg_match('/Cache of this thread.*?(\d+) names, (\d+) bytes, (\d+) hits, (\d+) misses/s', ob_get_clean(), $m);
        echo json_encode(array_map('intval', array_slice($m, 1)));
        exit;
    }
    $s = new Sync(STORES . '/store');
    echo json_encode([$s->int, $s->string, $s->array, $s->missing]);
    PHP);
$values = ['int' => 1, 'string' => 'some text', 'array' => ['a' => [1.5, 'é', null, []], 'b' => str_repeat('x', 100)]];
$s = new Sync(scratch());
$s->setData((object) $values);
$expected = json_encode([...array_values($values), null]);
$server = web_server(scratch_directory());
$misses = 0;
for ($i = 1; $i <= 5; $i++) {
    echo $server('') === $expected ? '' : "request $i reads something else\n";
    [$names, $bytes, $hits, $before] = json_decode($server('figures=1'));
    echo "request $i: $names names, ", $before - $misses, " decoded, ", $bytes > 0 ? 'some' : 'no', " bytes\n";
    $misses = $before;
}
$s->array = ['another'];
$s->missing = 'there';
unset($s->string);
$expected = json_encode([1, null, ['another'], 'there']);
for ($i = 6; $i <= 9; $i++) {
    echo $server('') === $expected ? '' : "request $i reads something else\n";
    [, , , $before] = json_decode($server('figures=1'));
    echo "request $i: ", $before - $misses, " decoded\n";
    $misses = $before;
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
request 1: 0 names, 4 decoded, some bytes
request 2: 4 names, 4 decoded, some bytes
request 3: 4 names, 0 decoded, some bytes
request 4: 4 names, 0 decoded, some bytes
request 5: 4 names, 0 decoded, some bytes
request 6: 3 decoded
request 7: 2 decoded
request 8: 0 decoded
request 9: 0 decoded
