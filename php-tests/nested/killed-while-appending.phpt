--TEST--
A process that is killed while it appends leaves a list without gaps or halves
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->list = [];
$told = 0;
for ($round = 0; $round < 10; $round++) {
    $child = Peer::fork(function (Peer $parent) {
        $s = new Sync(scratch());
        for ($i = 0; ; $i++) {
            $s->list[] = str_repeat('x', $i % 50);
            if ($i === 100) {
                $parent->tell('busy');
            }
        }
    });
    $child->hear();
    $child->kill()->end();
    $before = count($s->list);
    if (!array_is_list($s->list) || $before < ($round + 1) * 100) {
        echo "round $round: $before\n";
    }
    // Every other process can go on at once.
    $s->list[] = 'end of round';
}
var_dump(count(array_keys($s->list, 'end of round')));
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
int(10)
