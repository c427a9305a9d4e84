--TEST--
An element in consumption goes with everything else, and keeps its object at its store
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$throw = fn () => throw new Exception('no');
foreach ([
    'clear' => fn () => $s->clear(),
    'setData' => fn () => $s->setData((object) ['other' => 1]),
    'destroy' => fn () => $s->destroy(),
    'a transaction' => fn () => $s->transaction(fn () => $s->clear()),
] as $how => $change) {
    foreach ([fn () => 0, $throw] as $then) {
        $s->jobs = [1, 2];
        try {
            $s->consume('jobs', function () use ($change, $then) {
                $change();
                $then();
            });
        } catch (Exception $e) {
        }
        echo "$how: ", json_encode($s->getData()), ' ', count($s->stats()['consuming']), ' ', var_export(scratch_exists(), true), "\n";
    }
}
// Clearing some names does not.
$s->jobs = [1, 2];
attempt(fn () => $s->consume('jobs', function () use ($s, $throw) {
    $s->clear('jo');
    $throw();
}));
echo json_encode($s->jobs), "\n";
// The object cannot take another store meanwhile.
attempt(fn () => $s->consume('jobs', function () use ($s, $throw) {
    $s->setFile(scratch('other'));
    $throw();
}));
echo json_encode((new Sync(scratch()))->jobs), ' ', scratch_exists('other') ? 'made' : 'none', "\n";
// It expires with its list.
attempt(fn () => within_a_life(function ($ttl) use ($s, $throw) {
    $s->put('soon', [1, 2], $ttl);
    $s->consume('soon', function () use ($s, $throw) {
        while ($s->has('soon')) {
            usleep(1000);
        }
        $throw();
    });
}));
var_dump(isset($s->soon));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
clear: {} 0 true
clear: {} 0 true
setData: {"other":1} 0 true
setData: {"other":1} 0 true
destroy: {} 0 false
destroy: {} 0 false
a transaction: {} 0 true
a transaction: {} 0 true
Exception: no
[1]
SyncException: setFile() can't be called on this object within consume() or shift(): the element, which it has taken, would go back. Use another Sync object.
[1] none
Exception: no
bool(false)
