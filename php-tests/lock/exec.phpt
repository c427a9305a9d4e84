--TEST--
A lock ends when its process becomes another program
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->x = 1;
$child = Peer::php(<<<'PHP'
    $s = new Sync($argv[1]);
    $s->lock(0, 30_000_000);
    $parent->tell('locked');
    pcntl_exec('/bin/sh', ['-c', 'read line; echo $line >&3; read line']);
    PHP, scratch());
$child->hear();
$child->tell('the program runs');
echo $child->hear(), "\n";
var_dump($s->x);
$child->tell('end');
echo $child->end(), "\n";
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
the program runs
int(1)
exit 0
