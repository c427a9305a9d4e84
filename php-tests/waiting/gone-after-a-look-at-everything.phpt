--TEST--
wait() for a name tells that it is gone, or new, where everything was read before, however it went
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$looks = [
    'getData' => fn ($s) => $s->getData(),
    'foreach' => function ($s) { foreach ($s as $value); },
    'json_encode' => fn ($s) => json_encode($s),
    'read' => fn ($s) => $s->x,
];
$changes = [
    'destroy' => fn ($s) => $s->destroy(),
    'destroy, and another value' => function ($s) { $s->destroy(); $s->x = 2; },
    'clear' => fn ($s) => $s->clear(),
    'setData' => fn ($s) => $s->setData((object) ['other' => 1]),
    'unset' => function ($s) { unset($s->x); },
];
foreach ($changes as $change => $do) {
    foreach ($looks as $look => $see) {
        [$a, $b] = [new Sync(scratch()), new Sync(scratch())];
        $b->x = 1;
        $b->q = [1, 2];
        $see($a);
        $do($b);
        $told = [$a->wait('x', 0), $a->wait('x', 0)];
        if ($told !== [true, false]) {
            echo "$look, $change: ", json_encode($told), "\n";
        }
        // A name that was not there comes to be there.
        $see($a);
        $b->new = 1;
        $told = [$a->wait('new', 0), $a->wait('new', 0)];
        if ($look !== 'read' && $told !== [true, false]) {
            echo "$look, $change, new: ", json_encode($told), "\n";
        }
        $b->destroy();
    }
}
// Nobody writes down that a value expires.
foreach ($looks as $look => $see) {
    [$a, $b] = [new Sync(scratch()), new Sync(scratch())];
    // (On a busy machine it may be gone before it was seen.)
    for ($life = 0.05; $life < 60; $life *= 4) {
        $b->put('x', 1, $life);
        $see($a);
        if (isset($b->x)) {
            break;
        }
    }
    while (isset($b->x)) {
        usleep(1000);
    }
    $told = [$a->wait('x', 0), $a->wait('x', 0)];
    if ($told !== [true, false]) {
        echo "$look, expired: ", json_encode($told), "\n";
    }
    $b->destroy();
}
echo 'done';
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
done
