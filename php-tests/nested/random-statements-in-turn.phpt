--TEST--
Random statements by two processes in turn have the same effect on a Sync as on a stdClass, also while values are moved in the file
--FILE--
<?php
require __DIR__ . '/random.inc';

mt_srand((int) (getenv('SYNC_FUZZ_SEED') ?: 20240229));
$rounds = (int) (getenv('SYNC_FUZZ_ROUNDS') ?: times(150));
$other = performer();
$s = new Sync(scratch());
for ($i = 0; $i < $rounds; $i++) {
    $o = prepared(new stdClass);
    $s->setData(new stdClass);
    prepared($s);
    $notes = $i % 2 === 0;
    $program = '';
    for ($n = 0; $n < 16; $n++) {
        // The values that each process has cached differ from step to step.
        $by_other = mt_rand(0, 1) ? fn (string $statement, bool $notes) => perform_by($other, $statement, $notes) : null;
        if ($i % 3 === 0 && mt_rand(0, 3) === 0) {
            churn($s);
            $program .= "(churn)\n";
        }
        $statement = statement();
        $difference = differ($o, $s, $statement, $notes, $by_other);
        if ($difference !== null) {
            echo $program, $by_other ? 'by the other: ' : '', $difference;
            break;
        }
        $program .= ($by_other ? 'by the other: ' : '') . "$statement;\n";
    }
}
$other->tell('end');
echo $other->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
exit 0
