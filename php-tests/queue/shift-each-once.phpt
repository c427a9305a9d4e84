--TEST--
Workers take each of the elements that programs push exactly once
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

const PUSHERS = 3, WORKERS = 4, EACH = 1500;
$workers = array_map(fn () => Peer::fork(function (Peer $parent) {
    $s = new Sync(scratch());
    $taken = [];
    while ('end' !== $job = $s->shift('jobs', null)) {
        $taken[] = $job;
    }
    $parent->tell(implode(' ', $taken));
}), range(1, WORKERS));
$pushers = array_map(fn ($i) => Peer::fork(function () use ($i) {
    $s = new Sync(scratch());
    for ($j = 0; $j < EACH; $j++) {
        $j % 3 ? $s->push('jobs', "$i.$j") : $s->jobs[] = "$i.$j";
        // The order of what one program has pushed stays.
        if ($j % 100 === 0) {
            $last = -1;
            foreach ($s->jobs as $job) {
                if (str_starts_with($job, "$i.")) {
                    [, $number] = explode('.', $job);
                    $number > $last || print "$job after $last\n";
                    $last = $number;
                }
            }
        }
    }
}), range(1, PUSHERS));
array_map(fn ($pusher) => $pusher->end(), $pushers);
$s = new Sync(scratch());
$s->push('jobs', ...array_fill(0, WORKERS, 'end'));
$taken = array_merge(...array_map(fn ($worker) => preg_split('~ ~', $worker->hear(), -1, PREG_SPLIT_NO_EMPTY), $workers));
var_dump(count($taken), count(array_unique($taken)), $s->jobs);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(4500)
int(4500)
array(0) {
}
