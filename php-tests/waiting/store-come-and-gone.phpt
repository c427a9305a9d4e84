--TEST--
wait() for anything tells that a store is gone which was not there when it was last told, if something of it was read or written since
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$steps = [
    'it has read' => fn ($a, $b) => [$b->x = 1, $a->x],
    'it has written behind another' => fn ($a, $b) => [$b->x = 1, $a->y = 2],
    'it has written' => fn ($a, $b) => $a->y = 2,
    'it has written, and read' => fn ($a, $b) => [$a->y = 2, $b->x = 1, $a->x],
    'it has read everything' => fn ($a, $b) => [$b->x = 1, $a->getData()],
    'it has pushed' => fn ($a, $b) => $a->push('list', 1),
];
foreach ($steps as $how => $step) {
    [$a, $b] = [new Sync(scratch($how)), new Sync(scratch($how))];
    $told = [$a->wait(null, 0), $a->wait(null, 0)];
    $step($a, $b);
    $b->destroy();
    echo "$how: ", json_encode([...$told, $a->wait(null, 0), $a->wait(null, 0)]), "\n";
    $step($a, $b);
    $a->wait(null, 0);
    $b->destroy();
    echo "$how, and was told: ", json_encode([$a->wait(null, 0), $a->wait(null, 0)]), "\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
it has read: [false,false,true,false]
it has read, and was told: [true,false]
it has written behind another: [false,false,true,false]
it has written behind another, and was told: [true,false]
it has written: [false,false,true,false]
it has written, and was told: [true,false]
it has written, and read: [false,false,true,false]
it has written, and read, and was told: [true,false]
it has read everything: [false,false,true,false]
it has read everything, and was told: [true,false]
it has pushed: [false,false,true,false]
it has pushed, and was told: [true,false]
