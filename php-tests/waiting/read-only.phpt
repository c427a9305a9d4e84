--TEST--
A process that may only read waits as well: for a change, for a removal, and in time
--SKIPIF--
<?php
require __DIR__ . '/../include/of-files.inc'; of_files('its mode');
if (posix_getuid() !== 0) die("skip not root: the file would be writable"); ?>
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = $s->y = 1;
chmod(scratch(), 0644);
$waiter = Peer::fork(function (Peer $parent) {
    posix_initgroups("nobody", 65534);
    posix_setgid(65534) && posix_setuid(65534) || exit(99);
    $s = new Sync(scratch());
    attempt(fn () => $s->x = 2);
    foreach (["x", ["y", "x"], null] as $names) {
        $s->x;
        $s->y;
        $s->getData();
        $parent->tell("waits");
        $parent->tell($s->wait($names, PATIENCE) ? "changed" : "in vain");
    }
    $parent->tell(var_export($s->wait("x", 0.02), true));
    $parent->tell("for a removal");
    echo $s->waitFor("x", fn ($x) => $x === null, PATIENCE) === null ? "removed\n" : "there\n";
});
foreach (["x", "y", "another"] as $name) {
    echo $waiter->hear(), "\n";
    $s->$name = "changed";
    echo $waiter->hear(), "\n";
}
echo $waiter->hear(), "\n", $waiter->hear(), "\n";
// (It is in no list of processes, as it takes nothing in the file.)
var_dump(array_column($s->stats()["processes"], "pid") === [getmypid()]);
unset($s->x);
echo $waiter->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECTF--
SyncException: %s
waits
changed
waits
changed
waits
changed
false
for a removal
bool(true)
removed
exit 0
