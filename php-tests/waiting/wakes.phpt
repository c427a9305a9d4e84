--TEST--
Every change by another process ends a wait, and no other one does
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$ways = [
    "set" => fn (Sync $s) => $s->x = 2,
    "++" => fn (Sync $s) => $s->x++,
    ".=" => fn (Sync $s) => $s->x .= "a",
    "unset" => function (Sync $s) { unset($s->x); },
    "compareAndSet" => fn (Sync $s) => $s->compareAndSet("x", 1, 2),
    "update" => fn (Sync $s) => $s->update("x", fn ($x) => $x + 1),
    "pull" => fn (Sync $s) => $s->pull("x"),
    "put" => fn (Sync $s) => $s->put("x", 1),
    "setData" => fn (Sync $s) => $s->setData((object) ["x" => 1]),
    "destroy" => fn (Sync $s) => $s->destroy(),
    "under lock" => function (Sync $s) { $s->lock(); $s->x = 2; $s->unlock(); },
];
$s = new Sync(scratch());
foreach ($ways as $what => $way) {
    foreach (["x", ["a", "x", "b"], null] as $names) {
        $s->x = 1;
        $waiter = Peer::fork(function (Peer $parent) use ($names) {
            $s = new Sync(scratch());
            $names === null ? $s->getData() : $s->x;
            $parent->tell("waits");
            // (It may not sleep yet when the change comes.)
            $parent->tell($s->wait($names, PATIENCE) ? "changed" : "in vain");
        });
        $waiter->hear();
        if ($names !== null) {
            $s->other = $what;
        }
        $way($s);
        $heard = $waiter->hear();
        if ($heard !== "changed" || $waiter->end() !== "exit 0") {
            echo "$what: $heard\n";
        }
    }
    echo "$what\n";
}
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
set
++
.=
unset
compareAndSet
update
pull
put
setData
destroy
under lock
