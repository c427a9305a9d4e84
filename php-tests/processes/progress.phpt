--TEST--
Another process sees a task's progress step by step
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$task = Peer::php(<<<'PHP'
    $s = new Sync($argv[1]);
    for ($i = 0; $i <= 100; $i += 25) {
        $s->progress = $i;
        $parent->tell('step');
        $parent->hear();
    }
    PHP, scratch());
$s = new Sync(scratch());
for ($i = 0; $i < 5; $i++) {
    $task->hear();
    echo $s->progress, " %\n";
    $task->tell();
}
echo $task->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
0 %
25 %
50 %
75 %
100 %
exit 0
