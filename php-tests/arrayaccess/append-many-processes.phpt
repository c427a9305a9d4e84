--TEST--
Processes that append to one store at the same time take no number twice and lose nothing
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

define('EACH', times(3000));
$workers = [];
for ($w = 0; $w < 4; $w++) {
    $workers[] = Peer::fork(function (Peer $parent) use ($w) {
        $objects = [new Sync(scratch()), new Sync(scratch())];
        $parent->tell('ready');
        $parent->hear();
        for ($i = 0; $i < EACH; $i++) {
            $objects[$i % 2][] = "$w:$i";
            if ($i % 100 === 0) {
                // Other names do not disturb the numbering, and the number of a removed element is not used again.
                $objects[0]->{"name $w"} = $i;
                $objects[1][] = 'removed';
                unset($objects[0][array_search('removed', (array) $objects[0]->getData(), true)]);
            }
        }
    });
}
array_map(fn (Peer $worker) => $worker->hear(), $workers);
array_map(fn (Peer $worker) => $worker->tell(), $workers);
foreach ($workers as $worker) {
    if ($worker->end() !== 'exit 0') {
        echo "a worker failed\n";
    }
}
$all = iterator_to_array(new Sync(scratch()));
$numbered = array_filter($all, 'is_int', ARRAY_FILTER_USE_KEY);
$values = array_diff($numbered, ['removed']);
var_dump(count($values) === 4 * EACH, count(array_unique($values)) === 4 * EACH);
// Each one's values are in the order in which it stored them.
foreach (range(0, 3) as $w) {
    $own = array_filter($values, fn ($value) => str_starts_with($value, "$w:"));
    var_dump(array_values($own) === array_map(fn ($i) => "$w:$i", range(0, EACH - 1)), array_keys($own) === array_values(array_unique(array_keys($own))));
}
$s = new Sync(scratch());
$s[] = 'last';
var_dump(array_key_last(iterator_to_array($s)) > array_key_last($numbered));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
