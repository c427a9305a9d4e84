--TEST--
A child that is forked in the function does not have the element
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->push('jobs', 1, 2, 3);
$s->consume('jobs', function ($job) use ($s) {
    $child = Peer::fork(function (Peer $parent) use ($s) {
        $parent->tell(json_encode($s->jobs));
        $s->consume('jobs', fn ($other) => $parent->tell("the child's: $other"));
        exit(0);
    });
    echo $child->hear(), "\n", $child->hear(), "\n", $child->end(), "\n";
    echo json_encode($s->jobs), ' ', count($s->stats()['consuming']), "\n";
});
echo json_encode($s->jobs), "\n";
// A child that returns from the function ends nothing of its parent's.
$parent = getmypid();
$s->consume('jobs', function ($job) use ($s, $parent, &$child) {
    $child = pcntl_fork();
    if ($child > 0) {
        pcntl_waitpid($child, $status);
        echo json_encode($s->jobs), ' ', count($s->stats()['consuming']), "\n";
    }
});
if (getmypid() !== $parent) {
    posix_kill(getmypid(), SIGKILL);
}
echo json_encode($s->jobs), ' ', count($s->stats()['consuming']), "\n";
// Of a parent that dies it is back, though its child lives.
$s->jobs = ['x', 'y'];
$middle = Peer::fork(function (Peer $parent) use ($s) {
    $s = new Sync(scratch());
    $s->consume('jobs', function () use ($parent) {
        $child = Peer::fork(function () {
            sleep(100);
        });
        $parent->tell((string) $child->pid());
        sleep(100);
    });
});
$grandchild = (int) $middle->hear();
$middle->kill()->end();
while (count($s->jobs) < 2) {
    usleep(1000);
}
echo json_encode($s->jobs), "\n";
posix_kill($grandchild, SIGKILL);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
[2,3]
the child's: 2
exit 0
[3] 1
[3]
[] 1
[] 0
["x","y"]
