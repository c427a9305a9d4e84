--TEST--
The file stays below twice its live data, however often values are overwritten and removed
--SKIPIF--
<?php require __DIR__ . '/../include/of-files.inc'; of_files('its bytes'); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

mt_srand(7);
$s = new Sync(scratch());
$alive = [];
for ($i = 0; $i < 20_000; $i++) {
    $key = 'k' . mt_rand(0, 199);
    if (mt_rand(0, 4) === 0) {
        unset($s->$key, $alive[$key]);
    } else {
        $length = 1 << mt_rand(0, 14);
        $s->$key = str_repeat('v', $length);
        $alive[$key] = $length;
    }
    if ($i % 2000 === 1999) {
        clearstatcache();
        $used = stat(scratch())['blocks'] * 512;
        // A record's frame and its place in the index: below 100 bytes.
        $limit = 2 * (array_sum($alive) + 100 * count($alive)) + (1 << 20);
        if ($used > $limit) {
            echo "after $i: $used bytes used, $limit allowed\n";
        }
    }
}
$data = (array) $s->getData();
ksort($data);
ksort($alive);
var_dump(array_map('strlen', $data) === $alive);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
