--TEST--
A program that was started independently shares the object
--FILE--
<?php
require __DIR__ . '/../include/scratch.inc';

$s = new Sync(scratch());
$s->question = 'What is 6 × 7?';
$child = Peer::php(<<<'PHP'
    $s = new Sync($argv[1]);
    $parent->tell($s->question);
    $s->answer = 42;
    $parent->tell('answered');
    PHP, scratch());
echo $child->hear(), "\n", $child->hear(), "\n";
var_dump($s->answer);
echo $child->end(), "\n";
var_dump($s->answer);
?>
--CLEAN--
<?php
require __DIR__ . '/../include/scratch.inc';
scratch_remove();
?>
--EXPECT--
What is 6 × 7?
answered
int(42)
exit 0
int(42)
