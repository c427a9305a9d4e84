--TEST--
The first wait() for anything tells of changes since the object used the store for the first time
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$uses = [
    'a read' => fn ($s) => $s->x,
    'isset' => fn ($s) => isset($s->x),
    'a write' => fn ($s) => $s->own = 1,
    'version()' => fn ($s) => $s->version(),
    'getData()' => fn ($s) => $s->getData(),
    'wait()' => fn ($s) => $s->wait(null, 0),
];
foreach ($uses as $how => $use) {
    foreach ([false, true] as $changes) {
        [$a, $b] = [new Sync(scratch()), new Sync(scratch())];
        $b->x = 1;
        $use($a);
        if ($changes) {
            $b->x = 2;
        }
        $told = [$a->wait(null, 0), $a->wait(null, 0)];
        if ($told !== [$changes, false]) {
            echo "$how, ", $changes ? 'a change' : 'none', ': ', json_encode($told), "\n";
        }
        $b->destroy();
    }
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
