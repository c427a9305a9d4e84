--TEST--
Random statements of requests, which keep values of earlier ones, and of another process have the same effect on a Sync as on a stdClass
--FILE--
<?php
require __DIR__ . '/random.inc';

$page = <<<'PHP'
    <?php
    // (No test of its own.)
    $_SERVER['SCRIPT_FILENAME'] = 'page';
    require %s;
    $s = new Sync(STORES . '/store');
    [$notes, $statement] = unserialize(base64_decode($_GET['do']));
    echo base64_encode(serialize($statement === '' ? state($s) : [...perform($s, $statement, $notes), state($s, true)]));
    PHP;
scratch_page(sprintf($page, var_export(realpath(__DIR__ . '/random.inc'), true)));
$log = scratch_file('log');
$server = web_server(scratch_directory(), ['-d', 'error_reporting=-1'], $log);
$ask = fn (string $statement, bool $notes) => unserialize(base64_decode($server('do=' . urlencode(base64_encode(serialize([$notes, $statement]))))));
$on_server = function (string $statement, bool $notes) use ($ask): array {
    [$went_through, $lines, $state] = $ask($statement, $notes);
    return [$went_through, $went_through ? [...$lines, $state] : $lines];
};
mt_srand($seed = (int) (getenv('SYNC_FUZZ_SEED') ?: random_int(1, 1 << 30)));
$rounds = (int) (getenv('SYNC_FUZZ_ROUNDS') ?: times(60));
$s = new Sync(scratch());
for ($i = 0; $i < $rounds; $i++) {
    $o = prepared(new stdClass);
    $s->setData(new stdClass);
    prepared($s);
    $notes = $i % 2 === 0;
    $program = "seed $seed\n";
    for ($n = 0; $n < 16; $n++) {
        // From the third request on that reads a value it is one that is kept.
        for ($reads = mt_rand(0, 3); $reads > 0; $reads--) {
            $ask('', false);
        }
        $by_server = mt_rand(0, 3) ? $on_server : null;
        $statement = statement();
        $difference = differ($o, $s, $statement, $notes, $by_server);
        if ($difference !== null) {
            echo $program, $by_server ? 'by a request: ' : '', $difference;
            break 2;
        }
        $program .= ($by_server ? 'by a request: ' : '') . "$statement;\n";
    }
}
echo preg_match('/leak|assert|freeing|corrupt|panicked/i', file_get_contents($log)) ? file_get_contents($log) : "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
