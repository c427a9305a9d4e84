--TEST--
A process that is killed while it takes and pushes leaves a list without gaps or halves
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->jobs = range(1, 50);
for ($round = 0; $round < 8; $round++) {
    $child = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        for ($i = 0; ; $i++) {
            $s->push('jobs', $s->shift('jobs'));
            if ($i === 100) {
                $parent->tell('busy');
            }
        }
    });
    $child->hear();
    $child->kill()->end();
    // At most the one that it had just taken is gone, and those that were taken below.
    $jobs = $s->jobs;
    if (!array_is_list($jobs) || count($jobs) < 49 - 2 * $round || count(array_unique($jobs)) !== count($jobs)) {
        echo "round $round: ", json_encode($jobs), "\n";
    }
    $s->push('jobs', 'x');
    if ($s->shift('jobs') !== $jobs[0] || array_slice($s->jobs, 0, -1) !== array_slice($jobs, 1)) {
        echo "round $round: not as before\n";
    }
    $s->jobs = array_values(array_diff($s->jobs, ['x']));
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
