--TEST--
Thousands of random statements have the same effect on a Sync, and on a subclass that overrides reading and writing, as on a stdClass, whatever user code does in the middle of them
--FILE--
<?php
require __DIR__ . '/random.inc';

mt_srand((int) (getenv('SYNC_FUZZ_SEED') ?: 20240229));
$rounds = (int) (getenv('SYNC_FUZZ_ROUNDS') ?: times(600));
for ($i = 0; $i < $rounds; $i++) {
    $o = prepared(new stdClass);
    $s = prepared($i % 3 ? new Sync(scratch()) : new Passing(scratch()));
    $notes = $i % 2 === 0;
    $program = '';
    for ($n = 0; $n < 12; $n++) {
        $statement = statement();
        $difference = differ($o, $s, $statement, $notes);
        if ($difference !== null) {
            echo get_class($s), ":\n$program$difference";
            break;
        }
        $program .= "$statement;\n";
    }
    $s->destroy();
}
echo "done\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
